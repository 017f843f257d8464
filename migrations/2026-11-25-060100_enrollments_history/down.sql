drop table group_enrollments;
drop trigger remember_enrollment_status on enrollments;
drop trigger remember_new_enrollment on enrollments;
drop function remember_enrollment_status();
drop table enrollment_changes;
drop index enrollments_ending;
alter table enrollments drop column group_id, drop column cause;
drop type enrollment_cause;
