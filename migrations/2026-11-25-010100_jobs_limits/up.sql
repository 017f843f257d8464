-- A kind that a worker does not know is counted by itself: other waits must not use up the tries
-- that a rolling deploy needs.
alter table jobs add column unknown_tries smallint not null default 0;
comment on column jobs.unknown_tries is 'How often a worker put it back because its release does not know the kind.';

-- Two jobs of a strand never run at once, also when an older one comes back from the dead.
create index jobs_strand_busy on jobs (tenant_id, strand) where strand is not null and state in ('dispatched', 'running');

-- Backpressure. Counting half a million rows is the relay's business, now and then; a request only
-- looks whether its queue, or its tenant's kind, is marked as full.
alter table job_queues
    add column tenant_backlog integer not null default 250000,
    add column is_full boolean not null default false;
comment on column job_queues.max_backlog is 'With so many jobs waiting, requests for more are refused: 503.';
comment on column job_queues.tenant_backlog is 'With so many jobs of one tenant and kind waiting, its requests for more are refused: 429.';
comment on column job_queues.is_full is 'Written by the relay, which counts.';

create table job_backlogs (
    tenant_id uuid not null,
    kind text not null,
    waiting bigint not null,
    counted_at timestamptz not null default now(),
    primary key (tenant_id, kind)
);
comment on table job_backlogs is 'Kinds of which a tenant has as many jobs waiting as it may have. Written by the relay; nearly always empty.';
select protect_tenant_rows('job_backlogs');
select open_to_platform('job_backlogs');
create policy relay_rows on job_backlogs for all to lms_relay using (true) with check (true);
grant select, insert, update, delete on job_backlogs to lms_relay;

create function refuse_jobs_when_full() returns trigger
    language plpgsql as $$
begin
    -- Whoever does the work may always ask for more: refusing that would be refusing to finish.
    if current_user = 'lms_relay' or current_setting('app.does_jobs', true) = 'on' then
        return null;
    end if;
    if exists (select from job_queues where is_full and queue in (select queue from inserted)) then
        raise exception 'the queue is full' using errcode = '53400', constraint = 'jobs_backlog_of_queue';
    end if;
    if exists (
        select from job_backlogs as full_of join inserted using (tenant_id, kind)
    ) then
        raise exception 'the tenant has too much of this waiting'
            using errcode = '53400', constraint = 'jobs_backlog_of_tenant';
    end if;
    return null;
end $$;
comment on function refuse_jobs_when_full() is 'Once for each statement, and after it: a job that exists already is no new one.';
create trigger jobs_refused after insert on jobs
    referencing new table as inserted
    for each statement execute function refuse_jobs_when_full();

-- Limits on how often a kind may start, or a provider be called; of the platform and of each tenant.
create table job_limits (
    subject text primary key constraint job_limits_subject check (subject ~ '^(kind|provider):[a-z0-9_.-]+$'),
    starts integer constraint job_limits_starts check (starts > 0),
    seconds integer constraint job_limits_seconds check (seconds > 0),
    burst integer constraint job_limits_burst check (burst > 0),
    tenant_starts integer constraint job_limits_tenant_starts check (tenant_starts > 0),
    tenant_seconds integer constraint job_limits_tenant_seconds check (tenant_seconds > 0),
    tenant_burst integer constraint job_limits_tenant_burst check (tenant_burst > 0),
    tenant_backlog integer constraint job_limits_tenant_backlog check (tenant_backlog > 0),
    is_edited boolean not null default false,
    updated_at timestamptz not null default now(),
    constraint job_limits_rate check ((starts is null) = (seconds is null) and (starts is null) = (burst is null)),
    constraint job_limits_tenant_rate
        check ((tenant_starts is null) = (tenant_seconds is null) and (tenant_starts is null) = (tenant_burst is null))
);
comment on table job_limits is 'How often a kind of job may start, or a provider be called: so many in so many seconds, and a burst.';
comment on column job_limits.tenant_backlog is 'For a kind: instead of the queue''s.';
comment on column job_limits.is_edited is 'An operator has changed it: a new release does not change it back.';
grant select, insert, update, delete on job_limits to lms_relay;

create table job_buckets (
    bucket text primary key,
    tokens double precision not null,
    filled_at timestamptz not null
);
create index job_buckets_by_age on job_buckets (filled_at);
comment on table job_buckets is 'Token buckets of the limits. Fewer than none: so many turns are promised to jobs that wait for them.';
grant select, insert, update, delete on job_buckets to lms_relay;

create table job_turns (
    job_id uuid primary key references jobs (id) on delete cascade
);
comment on table job_turns is 'Jobs that wait for a turn that is theirs: when they come back they need not ask again.';
grant select, insert, update, delete on job_turns to lms_relay;

-- How far a job that makes others has come. Its rows are few, so it is no column of jobs.
create table job_cursors (
    job_id uuid primary key references jobs (id) on delete cascade,
    tenant_id uuid not null,
    cursor jsonb,
    children bigint not null default 0,
    updated_at timestamptz not null default now()
);
create index job_cursors_by_tenant on job_cursors (tenant_id);
comment on table job_cursors is 'Where a job that asks for many others goes on. Written in the transaction that asks for them.';
comment on column job_cursors.cursor is 'What came last; null when there is no more.';
select protect_tenant_rows('job_cursors');
select open_to_platform('job_cursors');
create policy relay_rows on job_cursors for all to lms_relay using (true) with check (true);
grant select, insert, update, delete on job_cursors to lms_relay;

-- History, and who asked.
alter table schedule_runs
    add column is_by_hand boolean not null default false,
    add column asked_by uuid;
comment on column schedule_runs.job_id is 'Null when the last job was still unfinished and the schedule may not overlap.';
comment on column schedule_runs.is_by_hand is 'Somebody asked for it, beside the clock.';
create index schedule_runs_with_job on schedule_runs (schedule_id, scheduled_for desc) where job_id is not null;
