update jobs
set state = 'available', attempt = jobs.attempt - 1, deferrals = jobs.deferrals + 1,
    run_at = now(), lease_until = null, error_class = 'released', last_error = 'the worker was stopped'
from unnest($1::uuid[], $2::bigint[]) as held (id, token)
where jobs.id = held.id and jobs.lease_token = held.token and jobs.state = 'running'
