alter table enrollments drop column last_step_at;

create or replace function audit_shown(shown jsonb, hidden text[]) returns jsonb
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
