-- $5 is on where an intent must not be forgotten. An effect that may be repeated need not wait for
-- the disk before it happens: if a crash of the server forgets the intent, it is repeated.
with guard as (
    update jobs set lease_until = now() + make_interval(secs => $3)
    where id = $1 and lease_token = $2 and state = 'running'
      and set_config('synchronous_commit', $5, true) = $5
    returning id, tenant_id, cancel_requested_at is not null as is_cancelled
),
intent as (
    insert into job_effects (effect_key, tenant_id, job_id)
    select $4, tenant_id, id from guard where not is_cancelled
    on conflict (effect_key) do nothing
    returning effect_key
)
select exists (select from intent) as is_new, guard.is_cancelled, old.completed_at, old.external_ref
from guard left join job_effects old on old.effect_key = $4
