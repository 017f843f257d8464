-- When a learner last did something in a course. Who is idle and what stands still is told by this: updated_at also
-- moves when somebody else changes the enrollment, and stays when a step changes no percentage.

-- It is bookkeeping, and from before the column is there: filling that leaves no lines either.
create or replace function audit_shown(shown jsonb, hidden text[]) returns jsonb
    language plpgsql immutable as $$
declare
    name text;
begin
    if shown is null then return null; end if;
    -- Bookkeeping tells nothing, and would make a line of every sign-in and every step of a learner.
    shown := shown - '{version,updated_at,last_login_at,last_step_at,progress}'::text[];
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

alter table enrollments add column last_step_at timestamptz;
comment on column enrollments.last_step_at is 'When the learner last began, went on with or finished an item; noted once in five minutes. Null: not yet.';
update enrollments e
set last_step_at = steps.newest
from (select enrollment_id, max(updated_at) as newest from learner_progress where status <> 'NOT_STARTED' group by enrollment_id) as steps
where e.id = steps.enrollment_id;
