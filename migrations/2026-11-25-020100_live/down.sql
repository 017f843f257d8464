alter table job_queues drop constraint job_queues_max_backlog, drop constraint job_queues_tenant_cap;
revoke update on job_queues from lms_platform;
drop trigger sessions_ended on sessions;
drop trigger jobs_watched on jobs;
drop function tell_live();
