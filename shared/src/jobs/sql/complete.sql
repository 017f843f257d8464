insert into job_effects (effect_key, tenant_id, job_id, completed_at, external_ref)
-- One effect may be told of twice: by a worker that was given up and by the one that took over.
select distinct on (key) key, tenant, job, now(), name
from unnest($1, $2, $3, $4) as happened (key, tenant, job, name)
order by key
on conflict (effect_key) do update set completed_at = excluded.completed_at, external_ref = excluded.external_ref
