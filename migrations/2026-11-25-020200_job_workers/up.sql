create table job_workers (
    name text primary key,
    host text not null,
    process_id integer not null,
    version text not null,
    queues jsonb not null,
    running integer not null default 0,
    is_stopping boolean not null default false,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now()
);
comment on table job_workers is 'The workers that live, by their own account, for operators to look at. No job depends on it.';
comment on column job_workers.queues is 'How many jobs of each queue it runs at once.';
grant select, insert, update, delete on job_workers to lms_relay;
