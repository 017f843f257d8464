create type job_state as enum ('available', 'dispatched', 'running', 'succeeded', 'cancelled', 'dead');

create table jobs (
    id uuid primary key,
    tenant_id uuid not null,
    kind text not null,
    schema_version smallint not null default 1,
    queue text not null,
    priority smallint not null default 100,
    state job_state not null default 'available',
    args jsonb not null constraint jobs_args_are_small check (octet_length(args::text) < 65536),
    run_at timestamptz not null default now(),
    deadline_at timestamptz,
    attempt integer not null default 0,
    max_attempts integer not null,
    crashes integer not null default 0,
    deferrals integer not null default 0,
    lease_token bigint not null default 0,
    lease_until timestamptz,
    worker text,
    dispatched_at timestamptz,
    progress smallint constraint jobs_progress_percent check (progress between 0 and 100),
    progress_note text,
    result jsonb,
    last_error text,
    error_class text,
    unique_key text,
    strand text,
    cancel_requested_at timestamptz,
    created_by uuid,
    request_id text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz
) with (
    -- A row is updated four times in a normal life: leave room on its page, and clean up early.
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000
);
create index jobs_ready on jobs (queue, tenant_id, priority, run_at, id) where state = 'available';
create index jobs_dispatched on jobs (queue, dispatched_at) where state = 'dispatched';
create index jobs_load on jobs (queue, tenant_id) where state in ('dispatched', 'running');
create index jobs_lease on jobs (lease_until) where state = 'running';
create index jobs_strand on jobs (tenant_id, strand, id) where strand is not null and state in ('available', 'dispatched', 'running');
create index jobs_deadline on jobs (deadline_at) where deadline_at is not null and state in ('available', 'dispatched');
create index jobs_finished on jobs (state, finished_at) where state in ('succeeded', 'cancelled', 'dead');
create index jobs_newest on jobs (tenant_id, created_at desc, id desc);
create unique index jobs_unique on jobs (tenant_id, kind, unique_key)
    where unique_key is not null and state in ('available', 'dispatched', 'running');
comment on table jobs is 'Work to be done, written in the transaction that causes it. Redis only carries tickets that point here.';
comment on column jobs.tenant_id is 'The tenant in which the job acts; a fixed id that is no tenant''s for the platform''s own jobs, so there is no foreign key.';
comment on column jobs.priority is 'Lower goes first, within a tenant and queue.';
comment on column jobs.args is 'Ids, not contents: the handler reads what is true when it runs.';
comment on column jobs.crashes is 'Leases that ran out: the worker died or hung. Three are a poison job.';
comment on column jobs.deferrals is 'How often it was put back without an attempt being counted.';
comment on column jobs.lease_token is 'The fencing token, drawn anew at each claim: only who holds it may finish the job.';
comment on column jobs.strand is 'Jobs of one strand run one after the other, oldest first.';
select protect_tenant_rows('jobs');
select open_to_platform('jobs');

create table job_attempts (
    job_id uuid not null references jobs (id) on delete cascade,
    tenant_id uuid not null,
    attempt integer not null,
    crashes integer not null default 0,
    deferrals integer not null default 0,
    worker text,
    started_at timestamptz,
    ended_at timestamptz not null,
    outcome text not null,
    error text,
    primary key (job_id, ended_at)
);
create index job_attempts_by_tenant on job_attempts (tenant_id);
comment on table job_attempts is 'Attempts that did not succeed, and why.';
select protect_tenant_rows('job_attempts');
select open_to_platform('job_attempts');

create table job_effects (
    effect_key text primary key,
    tenant_id uuid not null,
    job_id uuid not null,
    created_at timestamptz not null default now(),
    completed_at timestamptz,
    external_ref text
);
create index job_effects_by_job on job_effects (job_id);
create index job_effects_by_age on job_effects (created_at);
create index job_effects_by_tenant on job_effects (tenant_id);
comment on table job_effects is 'Effects outside the database, by key: an intent first, completed_at once it is known to have happened.';
select protect_tenant_rows('job_effects');
select open_to_platform('job_effects');

create table job_queues (
    queue text primary key,
    paused_at timestamptz,
    ticket_window integer not null default 2000 constraint job_queues_window check (ticket_window between 1 and 4000),
    tenant_cap integer not null default 500,
    max_backlog integer not null default 500000,
    cursor_tenant uuid not null default '00000000-0000-0000-0000-000000000000'
);
comment on table job_queues is 'The settings of each queue, changed by operators while it runs.';
comment on column job_queues.ticket_window is 'At most so many tickets in Redis. The transport breaks at 8,000 due tickets, hence the limit.';
comment on column job_queues.cursor_tenant is 'The tenant that was served last: the next round starts behind it.';
insert into job_queues (queue) values ('within_5s'), ('within_1m'), ('within_10m'), ('within_1h');
grant select on job_queues to lms_app, lms_platform;

create table job_schedules (
    id uuid primary key,
    name text not null constraint job_schedules_name_unique unique,
    kind text not null,
    args jsonb not null default '{}',
    queue text not null references job_queues (queue),
    max_attempts integer not null,
    cron text not null,
    timezone text not null default 'UTC',
    is_enabled boolean not null default true,
    is_edited boolean not null default false,
    misfire text not null default 'one' constraint job_schedules_misfire check (misfire in ('skip', 'one', 'all')),
    misfire_grace_seconds integer not null default 86400,
    overlap text not null default 'skip' constraint job_schedules_overlap check (overlap in ('allow', 'skip')),
    next_run_at timestamptz not null,
    last_run_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index job_schedules_by_queue on job_schedules (queue);
create index job_schedules_due on job_schedules (next_run_at) where is_enabled;
comment on table job_schedules is 'Work by the clock. All of it is the platform''s own; a job looks for what is due in each tenant.';
comment on column job_schedules.is_edited is 'An operator has changed it: a new release does not change it back.';
comment on column job_schedules.misfire is 'What to do about instants that passed while nobody looked: none, the last, or each of them.';
comment on column job_schedules.overlap is 'Whether it may fire while the job of the last time is unfinished.';
grant select, insert, update, delete on job_schedules to lms_platform;

create table schedule_runs (
    schedule_id uuid not null references job_schedules (id) on delete cascade,
    scheduled_for timestamptz not null,
    job_id uuid,
    created_at timestamptz not null default now(),
    primary key (schedule_id, scheduled_for)
);
create index schedule_runs_by_age on schedule_runs (created_at);
comment on table schedule_runs is 'Each instant at which a schedule fired. The primary key lets one process win.';
grant select, insert, update, delete on schedule_runs to lms_platform;

-- The relay, the reaper and the operators' commands see the jobs of all tenants, and nothing else.
create policy relay_rows on jobs for all to lms_relay using (true) with check (true);
create policy relay_rows on job_attempts for all to lms_relay using (true) with check (true);
create policy relay_rows on job_effects for all to lms_relay using (true) with check (true);
grant select, insert, update, delete on jobs, job_attempts, job_effects, job_queues, job_schedules, schedule_runs to lms_relay;

create table job_relay (
    is_only boolean primary key default true constraint job_relay_one_row check (is_only),
    epoch text not null,
    redis_run text not null,
    leader text not null,
    leading_since timestamptz not null default now()
);
comment on table job_relay is 'Which life of Redis the tickets were given to. Another life has lost them, and they are given again.';
grant select, insert, update, delete on job_relay to lms_relay;

create function notify_jobs() returns trigger
    language plpgsql as $$
begin
    -- A notification makes commits wait for each other, so only work that somebody waits for is
    -- announced. The rest is found by the relay's next look, a quarter of a second later at most.
    if exists (select from inserted where queue in ('within_5s', 'within_1m') and run_at <= now()) then
        perform pg_notify('jobs', '');
    end if;
    return null;
end $$;
comment on function notify_jobs() is 'Wakes the relay at commit. Once for each statement: a thousand rows are one call.';
create trigger jobs_enqueued after insert on jobs
    referencing new table as inserted
    for each statement execute function notify_jobs();
