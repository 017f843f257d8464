-- Each state is counted in the index that has it and nothing else, without a look at the rows. As two
-- filters of one count the planner would read all jobs: under row-level security it may not use what
-- it knows of how many are in which state, and takes half of them to be.
select q.queue, q.ticket_window, q.tenant_cap, q.paused_at is not null as is_paused,
    sent.jobs as dispatched, load.jobs - sent.jobs as running,
    -- In the order of jobs_due, which is the one index that must be used: what waits for its time is
    -- looked through for tenants only when something else is due.
    (select j.run_at from jobs j where j.queue = q.queue and j.state = 'available' and j.run_at <= now()
     order by j.run_at limit 1) is not null as has_due
from job_queues q
cross join lateral (
    select count(*) as jobs from jobs j where j.queue = q.queue and j.state = 'dispatched'
) as sent
cross join lateral (
    select count(*) as jobs from jobs j where j.queue = q.queue and j.state in ('dispatched', 'running')
) as load
