-- Who acts without an account: at a terminal, or on the operators' page.
create function current_operator() returns text
    language sql stable parallel safe
    return nullif(current_setting('app.operator', true), '');
comment on function current_operator() is 'The operator for whom this connection acts, if it acts for one.';

alter table audit_log
    add column operator text default current_operator()
        constraint audit_log_operator_length check (char_length(operator) <= 200);
comment on column audit_log.operator is
    'Who did it at a terminal or on the operators'' page, which know nobody by an account: the system''s user and host, or an address.';

-- Acts on jobs are recorded by the statement that does them: one line for a thousand that live again.
drop trigger audit on jobs;

drop trigger audit on job_queues;
create trigger audit after update of paused_at, ticket_window, tenant_cap, max_backlog, tenant_backlog on job_queues
    for each row execute function audit_change('{queue}', '{}');
alter table job_queues
    add constraint job_queues_tenant_backlog check (tenant_backlog between 1 and 1000000000);

-- What a release declares is no act of an operator's.
create trigger audit after insert or update on job_limits
    for each row when (new.is_edited) execute function audit_change('{subject}', '{}');
create trigger audit_given_back after update on job_limits
    for each row when (old.is_edited and not new.is_edited) execute function audit_change('{subject}', '{}');
grant select, insert, update on job_limits to lms_platform;

-- Schedules that operators have made.
alter table job_schedules
    add column is_declared boolean not null default true,
    add constraint job_schedules_grace check (misfire_grace_seconds >= 0);
comment on column job_schedules.is_declared is 'A release declares it: it can be switched off, and would come back if it were deleted.';
drop trigger audit on job_schedules;
create trigger audit after insert or delete or update of cron, timezone, args, is_enabled, is_edited, misfire, misfire_grace_seconds, overlap
    on job_schedules for each row execute function audit_change('{id}', '{}');

create table job_counts (
    queue text primary key references job_queues (queue),
    ready bigint not null,
    scheduled bigint not null,
    dead bigint not null,
    oldest_due_at timestamptz,
    counted_at timestamptz not null default now()
) with (fillfactor = 50);
comment on table job_counts is 'What waits in each queue, written by the relay, which counts now and then: nobody else counts more than a thousand rows.';
comment on column job_counts.ready is 'Due, and not handed out.';
comment on column job_counts.scheduled is 'Waiting for their time.';
grant select on job_counts to lms_platform;
grant select, insert, update, delete on job_counts to lms_relay;
