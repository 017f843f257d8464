-- $1 job, $2 token, $3 state, $4 wait, $5 attempts that do not count, $6 class, $7 error, $8 deferrals,
-- $9 workers that do not know the kind, $10 whether it is worth a line in the history.
with held as (
    select id,
        -- What somebody has cancelled meanwhile does not come back; and a retry that would come after
        -- the deadline is no retry.
        case
            when $3 <> 'available' then $3
            when cancel_requested_at is not null then 'cancelled'
            when deadline_at <= now() + make_interval(secs => $4) then 'dead'
            else $3
        end as state
    from jobs
    where id = $1 and lease_token = $2 and state = 'running'
    for update
),
ended as (
    update jobs
    set state = held.state,
        error_class = case
            when held.state = $3 then $6
            when held.state = 'cancelled' then 'cancelled'
            else 'deadline'
        end,
        finished_at = case when held.state <> 'available' then now() end,
        attempt = attempt - $5,
        deferrals = deferrals + $8,
        unknown_tries = unknown_tries + $9,
        run_at = case when held.state = 'available' then now() + make_interval(secs => $4) else run_at end,
        lease_until = null,
        last_error = $7
    from held
    where jobs.id = held.id
    returning jobs.*
),
noted as (
    insert into job_attempts (job_id, tenant_id, attempt, crashes, deferrals, worker, started_at, ended_at, outcome, error)
    select id, tenant_id, attempt + $5, crashes, deferrals - $8, worker, started_at, clock_timestamp(), error_class, $7
    from ended where $10
)
select state from ended
