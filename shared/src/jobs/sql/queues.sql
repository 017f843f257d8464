-- What it costs does not grow with what waits or is dead: up to a thousand of a
-- queue are counted here, and where there are more the relay's count is told, with its time.
--
-- The orders by are for the planner, as in pick.sql: no other index has them. The state is named in
-- them although it is the same: under row-level security the planner does not trust that it is.
with dead as materialized (
    select lately.queue, count(*) as jobs
    from (select j.queue from jobs j where j.state = 'dead' order by j.state, j.finished_at limit 1001) as lately
    group by lately.queue
),
all_dead as (
    select coalesce(sum(jobs), 0) <= 1000 as are_counted from dead
)
select q.queue, q.paused_at is not null as is_paused, q.is_full,
    q.ticket_window, q.tenant_cap, q.max_backlog, q.tenant_backlog,
    sent.jobs + case when waiting.are_counted then waiting.ready
        else greatest(waiting.ready, coalesce(counted.ready, 0)) end as ready,
    case when waiting.are_counted then waiting.scheduled
        else greatest(waiting.scheduled, coalesce(counted.scheduled, 0)) end as scheduled,
    running.jobs as running,
    case when all_dead.are_counted then coalesce(dead.jobs, 0)
        else greatest(coalesce(dead.jobs, 0), coalesce(counted.dead, 0)) end as dead,
    coalesce(extract(epoch from now() - least(
        waiting.oldest, sent.oldest, case when not waiting.are_counted then counted.oldest_due_at end
    )), 0)::double precision as oldest_due_seconds,
    case when waiting.are_counted and all_dead.are_counted then now() else counted.counted_at end as counted_at
from job_queues q
cross join all_dead
left join dead on dead.queue = q.queue
left join job_counts counted on counted.queue = q.queue
cross join lateral (
    select count(*) <= 1000 as are_counted,
        count(*) filter (where a.run_at <= now()) as ready,
        count(*) filter (where a.run_at > now()) as scheduled,
        min(a.run_at) filter (where a.run_at <= now()) as oldest
    from (
        select j.run_at from jobs j
        where j.queue = q.queue and j.state = 'available'
        order by j.tenant_id, j.priority, j.run_at, j.id
        limit 1001
    ) as a
) as waiting
cross join lateral (
    -- No more than there is room for in Redis.
    select count(*) as jobs, min(j.run_at) as oldest from jobs j where j.queue = q.queue and j.state = 'dispatched'
) as sent
cross join lateral (
    -- Said twice, because the second is how the index jobs_load says it.
    select count(*) as jobs from jobs j
    where j.queue = q.queue and j.state = 'running' and j.state in ('dispatched', 'running')
) as running
