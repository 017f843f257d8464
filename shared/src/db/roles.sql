-- The roles that the migrations speak of. Run by `api migrate` before the first migration, under
-- a login that may create roles; roles belong to the server, not to one database, hence the care.
do $$
declare
    wanted text;
begin
    -- Two databases of one server may be prepared at the same time.
    perform pg_advisory_xact_lock(hashtext('lms roles'));
    foreach wanted in array array['lms_owner', 'lms_app', 'lms_platform', 'lms_relay'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I nologin nosuperuser nobypassrls', wanted);
        end if;
        if not pg_has_role(current_user, wanted, 'member') then
            execute format('grant %I to current_user', wanted);
        end if;
        execute format('grant usage on schema public to %I', wanted);
    end loop;
    execute format('grant create on database %I to lms_owner', current_database());
    grant create on schema public to lms_owner;
end $$;
