-- The audit log: who changed what, from what to what. A table whose rows people change says
-- audit_changes('table'), and each insert, update and delete of it leaves a line, whoever makes it
-- and by whatever statement. Nobody who serves may change or delete a line.

create function current_person() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.actor_id', true), '')::uuid;
comment on function current_person() is 'The person for whom this connection acts, if it acts for one.';

create function current_job() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.job_id', true), '')::uuid;
comment on function current_job() is 'The job for which this connection acts, if it acts for one.';

create function current_request() returns text
    language sql stable parallel safe
    return nullif(current_setting('app.request_id', true), '');
comment on function current_request() is 'The request that this connection serves, or that asked for its job.';

create table audit_log (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid,
    at timestamptz not null default clock_timestamp(),
    actor_id uuid default current_person(),
    job_id uuid default current_job(),
    request_id text default current_request(),
    action text not null constraint audit_log_action_shape check (action ~ '^[a-z][a-z_]{0,49}$'),
    subject_type text not null constraint audit_log_subject_type_length check (char_length(subject_type) <= 100),
    subject_id text constraint audit_log_subject_id_length check (char_length(subject_id) <= 300),
    subject_name text,
    before jsonb,
    after jsonb
);
create index audit_log_newest on audit_log (tenant_id, at desc, id desc);
create index audit_log_by_subject on audit_log (tenant_id, subject_type, subject_id, at desc, id desc);
create index audit_log_by_actor on audit_log (tenant_id, actor_id, at desc, id desc);
create index audit_log_newest_anywhere on audit_log (at desc, id desc);
comment on table audit_log is 'What people, jobs and operators changed. Lines are added and never changed.';
comment on column audit_log.tenant_id is 'Whose rows were changed; null for the platform''s own. No reference: the log outlives the tenant.';
comment on column audit_log.at is 'By the database''s clock, which no request sets.';
comment on column audit_log.actor_id is 'The person who did it, or who asked for the job that did it. No reference: the log outlives the person.';
comment on column audit_log.action is 'insert, update, delete, or a verb for what is no change of a row.';
comment on column audit_log.subject_name is 'What the row was called at the time.';
comment on column audit_log.before is 'Of an update the columns that changed, of a deletion all.';
comment on column audit_log.after is 'Of an update the columns that changed, of an insertion all.';

alter table audit_log enable row level security;
alter table audit_log force row level security;
create policy tenant_rows on audit_log for all to lms_app
    using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));
create policy platform_rows on audit_log for all to lms_platform using (true) with check (true);
create policy relay_rows on audit_log for insert to lms_relay with check (true);
create policy owner_rows on audit_log for all to lms_owner using (true) with check (true);
grant select on audit_log to lms_app, lms_platform;
-- Who, when and in which request come from the connection, not from the statement.
grant insert (tenant_id, action, subject_type, subject_id, subject_name, before, after)
    on audit_log to lms_app, lms_platform, lms_relay;

create function audit_shown(shown jsonb, hidden text[]) returns jsonb
    language plpgsql immutable as $$
declare
    name text;
begin
    if shown is null then return null; end if;
    -- Bookkeeping tells nothing, and would make a line of every sign-in and every finished item.
    shown := shown - '{version,updated_at,last_login_at,progress}'::text[];
    for name in select key from jsonb_object_keys(shown) as key
        where key = any (hidden) or key ~ '(password|secret|token|private_key|credential|_hash$|_sealed$)'
    loop
        if shown -> name <> 'null' then shown := jsonb_set(shown, array[name], '"(hidden)"'); end if;
    end loop;
    if pg_column_size(shown) > 16384 then
        select jsonb_object_agg(key, case when octet_length(value::text) > 4096
            then to_jsonb(format('(%s bytes)', octet_length(value::text))) else value end)
        into shown from jsonb_each(shown);
    end if;
    return shown;
end $$;
comment on function audit_shown(jsonb, text[]) is
    'Columns as the log keeps them: no secrets, no bookkeeping, and no long texts, which would make the log larger than what it tells of.';

create function audit_change() returns trigger
    language plpgsql as $$
declare
    keys constant text[] := tg_argv[0]::text[];
    hidden constant text[] := tg_argv[1]::text[];
    old_row jsonb;
    new_row jsonb;
    row_now jsonb;
    was jsonb;
    has_become jsonb;
begin
    if tg_op <> 'INSERT' then old_row := to_jsonb(old); end if;
    if tg_op <> 'DELETE' then new_row := to_jsonb(new); end if;
    row_now := coalesce(new_row, old_row);
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(key, old_row -> key), jsonb_object_agg(key, value)
        into was, has_become
        from jsonb_each(new_row) where value <> old_row -> key;
        was := audit_shown(was, hidden);
        has_become := audit_shown(has_become, hidden);
        if has_become is null or has_become = '{}' then return null; end if;
    else
        was := audit_shown(old_row, hidden);
        has_become := audit_shown(new_row, hidden);
    end if;
    insert into audit_log (tenant_id, action, subject_type, subject_id, subject_name, before, after)
    values (
        -- The id that stands for no tenant in the jobs' tables.
        nullif((row_now ->> case tg_table_name when 'tenants' then 'id' else 'tenant_id' end)::uuid, '00000000-0000-0000-0000-000000000001'),
        lower(tg_op),
        tg_table_name,
        case when cardinality(keys) = 1 then row_now ->> keys[1]
            else (select string_agg(row_now ->> name, '/' order by position) from unnest(keys) with ordinality as k (name, position)) end,
        coalesce(row_now ->> 'title', row_now ->> 'name', row_now ->> 'email', row_now ->> 'domain'),
        was,
        has_become
    );
    return null;
end $$;

create function audit_changes(target regclass, variadic hidden text[] default '{}') returns void
    language plpgsql as $$
declare
    keys text[];
begin
    -- The tenant is said once already.
    select array_agg(a.attname::text order by array_position(c.conkey, a.attnum))
        filter (where a.attname <> 'tenant_id' or cardinality(c.conkey) = 1)
    into keys
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
    where c.conrelid = target and c.contype = 'p';
    execute format('create trigger audit after insert or update or delete on %s for each row execute function audit_change(%L, %L)',
        target, keys, hidden);
end $$;
comment on function audit_changes(regclass, text[]) is
    'Has every change of the table''s rows written to audit_log. Of the hidden columns, and of all that are called passwords, secrets, tokens or hashes, only that they changed.';

select audit_changes('tenants'), audit_changes('tenant_domains'), audit_changes('tenant_settings'),
    audit_changes('users'), audit_changes('learner_groups'), audit_changes('group_memberships'),
    audit_changes('courses'), audit_changes('course_prerequisites'), audit_changes('modules'), audit_changes('content_items'),
    audit_changes('enrollments'), audit_changes('certificates', 'verification_code'), audit_changes('notification_preferences');

-- These move by themselves all the time; what operators do to them is of these columns and turns.
create trigger audit after update of paused_at, ticket_window, tenant_cap, max_backlog on job_queues
    for each row execute function audit_change('{queue}', '{}');
create trigger audit after insert or delete or update of cron, timezone, args, is_enabled, misfire, overlap on job_schedules
    for each row execute function audit_change('{id}', '{}');
create trigger audit after update of state on jobs
    for each row when (old.state in ('dead', 'cancelled') and new.state = 'available')
    execute function audit_change('{id}', '{args}');
