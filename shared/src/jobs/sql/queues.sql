-- Counted state by state: each has an index of its own, and all that is done is in none of them.
select q.queue, q.paused_at is not null as is_paused, q.ticket_window, q.tenant_cap, q.max_backlog,
    waiting.ready + sent.jobs as ready, waiting.scheduled, running.jobs as running, dead.dead,
    coalesce(extract(epoch from now() - least(waiting.oldest, sent.oldest)), 0)::double precision as oldest_due_seconds
from job_queues q
cross join lateral (
    select count(*) filter (where j.run_at <= now()) as ready,
        count(*) filter (where j.run_at > now()) as scheduled,
        min(j.run_at) filter (where j.run_at <= now()) as oldest
    from jobs j
    where j.queue = q.queue and j.state = 'available'
) as waiting
cross join lateral (
    select count(*) as jobs, min(j.run_at) as oldest from jobs j where j.queue = q.queue and j.state = 'dispatched'
) as sent
cross join lateral (
    -- Said twice, because the second is how the index jobs_load says it.
    select count(*) as jobs from jobs j
    where j.queue = q.queue and j.state = 'running' and j.state in ('dispatched', 'running')
) as running
cross join lateral (
    select count(*) as dead from jobs j where j.queue = q.queue and j.state = 'dead'
) as dead
