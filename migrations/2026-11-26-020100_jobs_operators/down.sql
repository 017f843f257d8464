drop table job_counts;
drop trigger audit on job_schedules;
create trigger audit after insert or delete or update of cron, timezone, args, is_enabled, misfire, overlap on job_schedules
    for each row execute function audit_change('{id}', '{}');
alter table job_schedules drop constraint job_schedules_grace, drop column is_declared;
revoke select, insert, update on job_limits from lms_platform;
drop trigger audit_given_back on job_limits;
drop trigger audit on job_limits;
alter table job_queues
    drop constraint job_queues_tenant_backlog;
drop trigger audit on job_queues;
create trigger audit after update of paused_at, ticket_window, tenant_cap, max_backlog on job_queues
    for each row execute function audit_change('{queue}', '{}');
create trigger audit after update of state on jobs
    for each row when (old.state in ('dead', 'cancelled') and new.state = 'available')
    execute function audit_change('{id}', '{args}');
alter table audit_log drop column operator;
drop function current_operator();
