-- Counts what waits, writes down how much it is and what is full. The marks change only when the
-- answer does.
with waiting as materialized (
    select queue, tenant_id, kind, count(*) as jobs,
        count(*) filter (where run_at <= now()) as due,
        min(run_at) filter (where run_at <= now()) as oldest
    from jobs
    where state = 'available'
    group by queue, tenant_id, kind
),
dead as materialized (
    select queue, count(*) as jobs from jobs where state = 'dead' group by queue
),
counted as (
    insert into job_counts (queue, ready, scheduled, dead, oldest_due_at)
    select q.queue, coalesce(sum(waiting.due), 0), coalesce(sum(waiting.jobs - waiting.due), 0),
        coalesce(dead.jobs, 0), min(waiting.oldest)
    from job_queues q
    left join waiting on waiting.queue = q.queue
    left join dead on dead.queue = q.queue
    group by q.queue, dead.jobs
    order by q.queue
    on conflict (queue) do update
    set ready = excluded.ready, scheduled = excluded.scheduled, dead = excluded.dead,
        oldest_due_at = excluded.oldest_due_at, counted_at = excluded.counted_at
),
queues as (
    select q.queue, q.is_full as was_full, coalesce(sum(waiting.jobs), 0) >= q.max_backlog as is_full
    from job_queues q
    left join waiting on waiting.queue = q.queue
    group by q.queue, q.is_full, q.max_backlog
),
marked as (
    update job_queues
    set is_full = queues.is_full
    from queues
    where job_queues.queue = queues.queue and queues.is_full <> queues.was_full
),
too_many as (
    select waiting.tenant_id, waiting.kind, max(waiting.jobs) as jobs
    from waiting
    join job_queues q on q.queue = waiting.queue
    left join job_limits l on l.subject = 'kind:' || waiting.kind
    where waiting.jobs >= coalesce(l.tenant_backlog, q.tenant_backlog)
    group by waiting.tenant_id, waiting.kind
),
forgotten as (
    delete from job_backlogs b
    where not exists (select from too_many t where t.tenant_id = b.tenant_id and t.kind = b.kind)
),
noted as (
    insert into job_backlogs (tenant_id, kind, waiting)
    select tenant_id, kind, jobs from too_many
    on conflict (tenant_id, kind) do update set waiting = excluded.waiting, counted_at = now()
)
select (select coalesce(sum(jobs), 0)::bigint from waiting) as waiting,
       (select count(*) from queues where is_full) as full_queues,
       (select count(*) from too_many) as full_tenants
