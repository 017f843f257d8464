-- $1 queue, $2 how many, $3 most of one tenant, $4 most tenants.
--
-- Tenants with work, due or not, in the order of their ids from behind the one that was served last,
-- and round to it again: two loose scans of jobs_ready, each of which stops early. Of each the same
-- number, so that one with a hundred thousand jobs and one with a single job take turns. How many
-- tenants were looked at is answered also when nothing was found: then the next look goes on behind
-- them.
--
-- The order by all columns of jobs_ready is for the planner: no other index has it, and any other
-- would be read through all that is done. So are the scalar subqueries: joined, the cursor would be
-- no condition of the index.
with recursive
start as (
    select cursor_tenant as tenant_id from job_queues where queue = $1
),
behind as (
    (select j.tenant_id, 1 as n from jobs j
     where j.state = 'available' and j.queue = $1 and j.tenant_id > (select tenant_id from start)
     order by j.tenant_id, j.priority, j.run_at, j.id limit 1)
    union all
    select (select j.tenant_id from jobs j
            where j.state = 'available' and j.queue = $1 and j.tenant_id > behind.tenant_id
            order by j.tenant_id, j.priority, j.run_at, j.id limit 1), behind.n + 1
    from behind where behind.tenant_id is not null and behind.n < $4
),
before as (
    (select j.tenant_id, 1 as n from jobs j
     where j.state = 'available' and j.queue = $1 and j.tenant_id <= (select tenant_id from start)
     order by j.tenant_id, j.priority, j.run_at, j.id limit 1)
    union all
    select (select j.tenant_id from jobs j
            where j.state = 'available' and j.queue = $1
              and j.tenant_id > before.tenant_id and j.tenant_id <= (select tenant_id from start)
            order by j.tenant_id, j.priority, j.run_at, j.id limit 1), before.n + 1
    from before where before.tenant_id is not null and before.n < $4
),
turns as (
    select tenant_id, row_number() over (order by lap, tenant_id) as turn
    from (
        select tenant_id, 1 as lap from behind where tenant_id is not null
        union all
        select tenant_id, 2 from before where tenant_id is not null
    ) as laps
    order by turn
    limit $4
),
load as (
    select tenant_id, count(*) as n from jobs
    where queue = $1 and state in ('dispatched', 'running')
    group by tenant_id
),
shares as (
    select turns.tenant_id, turns.turn,
        greatest(0, least(
            ceil($2::numeric / greatest(1, (select count(*) from turns)))::integer,
            $3 - coalesce(load.n, 0)::integer)) as size
    from turns
    left join load on load.tenant_id = turns.tenant_id
),
picked as (
    select job.id, job.tenant_id, shares.turn, job.place
    from shares
    cross join lateral (
        select chosen.id, chosen.tenant_id, row_number() over () as place
        from (
            -- Priority by priority, so that what waits for its time is not read through.
            with recursive levels as (
                (select j.priority from jobs j
                 where j.state = 'available' and j.queue = $1 and j.tenant_id = shares.tenant_id
                 order by j.priority, j.run_at, j.id limit 1)
                union all
                select (select j.priority from jobs j
                        where j.state = 'available' and j.queue = $1 and j.tenant_id = shares.tenant_id
                          and j.priority > levels.priority
                        order by j.priority, j.run_at, j.id limit 1)
                from levels where levels.priority is not null
            )
            select due.id, due.tenant_id
            from levels
            cross join lateral (
                select j.id, j.tenant_id, j.run_at from jobs j
                where j.state = 'available' and j.queue = $1 and j.tenant_id = shares.tenant_id
                  and j.priority = levels.priority and j.run_at <= now()
                  and (j.deadline_at is null or j.deadline_at > now())
                  -- Looked up for the one job: of `not exists` the planner may make a list of all that
                  -- are under way, and read everything that is done for it.
                  and (j.strand is null or (
                        select older.id from jobs older
                        where older.tenant_id = j.tenant_id and older.strand = j.strand and older.id < j.id
                          and older.state in ('available', 'dispatched', 'running')
                        limit 1) is null)
                  -- An older one may have come back from the dead while a younger one is under way.
                  and (j.strand is null or (
                        select busy.id from jobs busy
                        where busy.tenant_id = j.tenant_id and busy.strand = j.strand
                          and busy.state in ('dispatched', 'running')
                        limit 1) is null)
                order by j.run_at, j.id
                limit shares.size
                for update skip locked
            ) as due
            where levels.priority is not null
            order by levels.priority, due.run_at, due.id
            limit shares.size
        ) as chosen
    ) as job
    -- Everybody's first before anybody's second.
    order by job.place, shares.turn
    limit $2
),
-- When there was room for more, everybody in turn had their fill; otherwise go on behind the last.
stopped as (
    select coalesce(
        (select tenant_id from picked where (select count(*) from picked) >= $2 order by place desc, turn desc limit 1),
        (select tenant_id from turns order by turn desc limit 1)) as tenant_id
),
moved as (
    update job_queues set cursor_tenant = stopped.tenant_id
    from stopped
    where job_queues.queue = $1 and stopped.tenant_id is not null and job_queues.cursor_tenant <> stopped.tenant_id
),
dispatched as (
    update jobs set state = 'dispatched', dispatched_at = now()
    from picked where jobs.id = picked.id
    returning jobs.id
)
select looked.tenants, sent.id, sent.tenant_id
from (select count(*) as tenants from turns) as looked
left join (
    select picked.id, picked.tenant_id, picked.place, picked.turn
    from picked join dispatched on dispatched.id = picked.id
) as sent on true
order by sent.place, sent.turn
