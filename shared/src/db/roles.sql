-- The roles that the migrations speak of. Run by `api migrate` before the first migration, under
-- a login that may create roles; roles belong to the server, not to one database, hence the care:
-- another database of the server may be prepared at this moment, and advisory locks end at the
-- database. Whoever comes second finds the other's rows in its way, and that they are there is
-- all that it wanted.
do $$
declare
    wanted text;
    -- The user of DATABASE_URL, or nobody.
    login text := nullif(current_setting('lms.login', true), current_user);
begin
    foreach wanted in array array['lms_owner', 'lms_app', 'lms_platform', 'lms_relay'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin nosuperuser nobypassrls', wanted);
            exception when duplicate_object or unique_violation then null;
            end;
        end if;
        if not pg_has_role(current_user, wanted, 'member') then
            begin
                execute format('grant %I to current_user', wanted);
            exception when duplicate_object or unique_violation then null;
            end;
        end if;
        if login <> '' and wanted <> 'lms_owner' then
            begin
                execute format('grant %I to %I', wanted, login);
            exception when duplicate_object or unique_violation then null;
            end;
        end if;
        execute format('grant usage on schema public to %I', wanted);
    end loop;
    execute format('grant create on database %I to lms_owner', current_database());
    grant create on schema public to lms_owner;
end $$;
