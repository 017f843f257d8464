revoke delete on job_limits from lms_platform;
alter table job_limits drop column declared_at;
alter table job_schedules drop column declared_at;
drop table job_kinds;
