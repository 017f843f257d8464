-- Row-level security, in one place. A table that belongs to tenants calls
-- protect_tenant_rows('table'), and the few that are also read or written across tenants
-- (signing in by e-mail, a superuser's lists, job queues) say so with open_to_platform('table').
--
-- The roles are made by shared/src/db/roles.sql before the first migration runs, because
-- creating roles needs rights that the owner of the tables should not have.

create function current_tenant() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.tenant_id', true), '')::uuid;
comment on function current_tenant() is
    'The tenant this connection acts in; null, and so no row, when none was set. A pooled connection that was reset holds an empty string, which is not a uuid.';

create function protect_tenant_rows(target regclass) returns void
    language plpgsql as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy tenant_rows on %s for all to lms_app
        using (tenant_id = (select current_tenant()))
        with check (tenant_id = (select current_tenant()))', target);
    -- Migrations change data now and then, and they run as the owner.
    execute format('create policy owner_rows on %s for all to lms_owner using (true) with check (true)', target);
    execute format('grant select, insert, update, delete on %s to lms_app', target);
end $$;

create function open_to_platform(target regclass) returns void
    language plpgsql as $$
begin
    execute format('create policy platform_rows on %s for all to lms_platform using (true) with check (true)', target);
    execute format('grant select, insert, update, delete on %s to lms_platform', target);
end $$;
