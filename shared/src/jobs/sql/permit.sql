with guard as (
    update jobs set lease_until = now() + make_interval(secs => $3)
    where id = $1 and lease_token = $2 and state = 'running' and cancel_requested_at is null
    returning id, tenant_id
),
intent as (
    insert into job_effects (effect_key, tenant_id, job_id)
    select $4, tenant_id, id from guard
    on conflict (effect_key) do nothing
    returning effect_key
)
select exists (select from intent) as is_new, old.completed_at, old.external_ref
from guard left join job_effects old on old.effect_key = $4
