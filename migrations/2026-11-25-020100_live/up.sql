-- Telling whoever watches. The channel knows no tenants, so it carries only what has changed: who
-- watches reads it anew, in their own tenant.
create function tell_live() returns trigger
    language plpgsql as $$
begin
    perform pg_notify('live', tg_argv[0] || ':' || new.id);
    return null;
end $$;
comment on function tell_live() is 'Announces at commit that a row has changed, on the channel `live`, as `<what>:<id>`.';

-- Most jobs are asked for by no person and watched by none: for those this is one comparison.
create trigger jobs_watched after update of state, progress, progress_note on jobs
    for each row when (
        new.created_by is not null
        and (new.state, new.progress, new.progress_note) is distinct from (old.state, old.progress, old.progress_note))
    execute function tell_live('job');

-- What is open on a device ends when its session does.
create trigger sessions_ended after update of revoked_at on sessions
    for each row when (old.revoked_at is null and new.revoked_at is not null)
    execute function tell_live('session');

-- Superusers change the settings of queues by the API.
grant update on job_queues to lms_platform;
alter table job_queues
    add constraint job_queues_tenant_cap check (tenant_cap between 1 and 1000000),
    add constraint job_queues_max_backlog check (max_backlog between 1 and 1000000000);
