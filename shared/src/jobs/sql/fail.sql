-- A retry that would come after the deadline is no retry: the job is over now.
with ended as (
    update jobs
    set state = case when $3 = 'available' and deadline_at <= now() + make_interval(secs => $4) then 'dead' else $3 end,
        error_class = case when $3 = 'available' and deadline_at <= now() + make_interval(secs => $4) then 'deadline' else $6 end,
        finished_at = case
            when $3 <> 'available' or deadline_at <= now() + make_interval(secs => $4) then now() end,
        attempt = attempt - $5,
        deferrals = deferrals + $5,
        run_at = case when $3 = 'available' then now() + make_interval(secs => $4) else run_at end,
        lease_until = null,
        last_error = $7
    where id = $1 and lease_token = $2 and state = 'running'
    returning *
),
noted as (
    insert into job_attempts (job_id, tenant_id, attempt, crashes, deferrals, worker, started_at, ended_at, outcome, error)
    select id, tenant_id, attempt + $5, crashes, deferrals - $5, worker, started_at, clock_timestamp(), error_class, $7
    from ended
)
select state from ended
