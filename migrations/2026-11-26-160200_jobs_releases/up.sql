-- Releases run side by side for as long as a deploy lasts. What one of them does not know may be
-- another's, and is neither killed nor switched off by it.
create table job_kinds (
    kind text primary key,
    version smallint not null,
    announced_at timestamptz not null default now()
);
comment on table job_kinds is 'The kinds of job of all releases that have run here: a job of another kind is one that no worker will ever do.';
comment on column job_kinds.version is 'The newest payload of it that a release reads.';
grant select, insert, update, delete on job_kinds to lms_relay;

alter table job_schedules add column declared_at timestamptz not null default now();
comment on column job_schedules.declared_at is 'When a worker said last that its release declares it. When none has for a while, it is switched off.';
alter table job_limits add column declared_at timestamptz;
comment on column job_limits.declared_at is 'When a worker said last that its release declares it; none when only an operator has set it. When none has for a while, it is deleted.';
update job_limits set declared_at = now() where not is_edited;
-- Operators take back what only they have set, and that is told; that a release still declares it is not.
grant delete on job_limits to lms_platform;
drop trigger audit on job_limits;
create trigger audit after insert or update
    of starts, seconds, burst, tenant_starts, tenant_seconds, tenant_burst, tenant_backlog, is_edited on job_limits
    for each row when (new.is_edited) execute function audit_change('{subject}', '{}');
create trigger audit_deleted after delete on job_limits
    for each row when (old.is_edited) execute function audit_change('{subject}', '{}');
