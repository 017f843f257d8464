select q.queue, q.ticket_window, q.tenant_cap, q.paused_at is not null as is_paused,
    load.dispatched, load.running,
    -- In the order of jobs_ready, which is the one index that must be used.
    (select j.id from jobs j where j.queue = q.queue and j.state = 'available'
     order by j.tenant_id, j.priority, j.run_at, j.id limit 1) is not null as has_available
from job_queues q
cross join lateral (
    select count(*) filter (where j.state = 'dispatched') as dispatched,
        count(*) filter (where j.state = 'running') as running
    from jobs j
    where j.queue = q.queue and j.state in ('dispatched', 'running')
) as load
