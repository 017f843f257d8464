update jobs
set state = case when cancel_requested_at is null then 'available'::job_state else 'cancelled' end,
    finished_at = case when cancel_requested_at is not null then now() end,
    attempt = jobs.attempt - 1, deferrals = jobs.deferrals + 1,
    run_at = now(), lease_until = null, error_class = 'released', last_error = 'the worker was stopped'
from unnest($1::uuid[], $2::bigint[]) as held (id, token)
where jobs.id = held.id and jobs.lease_token = held.token and jobs.state = 'running'
