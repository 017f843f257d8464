-- Picked once, before anything changes: as a subquery of the update the planner may ask again for
-- each row, and the limit would be forgotten.
with picked as materialized (
    select dead.id, dead.tenant_id from jobs dead
    where dead.state = 'dead'
      and ($1 is null or dead.kind = $1) and ($2 is null or dead.queue = $2)
      and ($3 is null or dead.tenant_id = $3) and ($4 is null or dead.error_class = $4)
      and (cardinality($5) = 0 or dead.id = any ($5))
      and (dead.unique_key is null or not exists (
            select from jobs living
            where living.tenant_id = dead.tenant_id and living.kind = dead.kind and living.unique_key = dead.unique_key
              and living.state in ('available', 'dispatched', 'running')))
      -- Of several dead with one key the newest lives again.
      and (dead.unique_key is null or not exists (
            select from jobs newer
            where newer.tenant_id = dead.tenant_id and newer.kind = dead.kind and newer.unique_key = dead.unique_key
              and newer.state = 'dead' and newer.id > dead.id))
    order by dead.id
    limit $6
    for update skip locked
),
replayed as (
    update jobs
    set state = 'available', attempt = 0, crashes = 0, deferrals = 0, run_at = now(), deadline_at = null,
        finished_at = null, cancel_requested_at = null, progress = null, progress_note = null
    from picked
    where jobs.id = picked.id
    returning jobs.id
),
-- A line in the audit log for each tenant whose jobs live again, in the words of what was asked for.
told as (
    insert into audit_log (tenant_id, action, subject_type, subject_id, before, after)
    select nullif(tenant_id, '00000000-0000-0000-0000-000000000001'), 'replay', 'jobs',
        case when count(*) = 1 then min(id::text) end,
        jsonb_build_object('state', 'dead'),
        jsonb_strip_nulls(jsonb_build_object(
            'state', 'available', 'jobs', count(*), 'kind', $1::text,
            'queue', $2::text, 'error_class', $4::text,
            'ids', to_jsonb((array_agg(id order by id))[:100])))
    from picked
    group by tenant_id
)
select id from replayed
