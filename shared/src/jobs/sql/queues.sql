select q.queue, q.paused_at is not null as is_paused, q.ticket_window, q.tenant_cap, q.max_backlog,
    live.ready, live.scheduled, live.running, dead.dead, live.oldest_due_seconds
from job_queues q
cross join lateral (
    select count(*) filter (where j.state <> 'running' and j.run_at <= now()) as ready,
        count(*) filter (where j.state = 'available' and j.run_at > now()) as scheduled,
        count(*) filter (where j.state = 'running') as running,
        coalesce(extract(epoch from now() - min(j.run_at) filter (where j.state <> 'running' and j.run_at <= now())), 0)::double precision
            as oldest_due_seconds
    from jobs j
    where j.queue = q.queue and j.state in ('available', 'dispatched', 'running')
) as live
cross join lateral (
    select count(*) as dead from jobs j where j.queue = q.queue and j.state = 'dead'
) as dead
