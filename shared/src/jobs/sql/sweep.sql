with expired as (
    select id, worker from jobs where state = 'running' and lease_until < now()
    limit 1000 for update skip locked
),
suspects as (
    select id, row_number() over (partition by worker order by id) - 1 as place from expired
),
-- The first loss may be chance and is tried again at once; three are the job's own doing. From the
-- second on, those that were lost together begin a second apart: one of them may have killed the
-- others.
taken as (
    update jobs
    set state = case
            when cancel_requested_at is not null then 'cancelled'::job_state
            when crashes + 1 >= 3 or attempt >= max_attempts then 'dead'
            else 'available'
        end,
        finished_at = case
            when cancel_requested_at is not null or crashes + 1 >= 3 or attempt >= max_attempts then now()
        end,
        run_at = now() + case when crashes = 0 then interval '0' else make_interval(secs => 5 * crashes + place) end,
        crashes = crashes + 1,
        lease_until = null,
        error_class = 'worker_lost',
        last_error = 'the worker that ran it was lost'
    from suspects
    where jobs.id = suspects.id
    returning jobs.*
),
noted as (
    insert into job_attempts (job_id, tenant_id, attempt, crashes, deferrals, worker, started_at, ended_at, outcome, error)
    select id, tenant_id, attempt, crashes, deferrals, worker, started_at, clock_timestamp(), 'worker_lost', last_error
    from taken
),
late as (
    update jobs
    set state = 'cancelled', finished_at = now(), error_class = 'deadline', last_error = 'it was useless by now'
    -- An array is picked once; of `in (select … limit …)` a loop may pick anew for each row.
    where id = any (array(
        select id from jobs
        where deadline_at is not null and state in ('available', 'dispatched') and deadline_at <= now()
        limit 1000 for update skip locked))
    returning id
)
select (select count(*) from taken where state = 'available') as revived,
       array(select kind from taken where state = 'dead') as buried,
       (select count(*) from late) as late
