drop trigger audit_deleted on job_limits;
drop trigger audit on job_limits;
create trigger audit after insert or update on job_limits
    for each row when (new.is_edited) execute function audit_change('{subject}', '{}');
revoke delete on job_limits from lms_platform;
alter table job_limits drop column declared_at;
alter table job_schedules drop column declared_at;
drop table job_kinds;
