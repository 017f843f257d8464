-- The dead by kind and class of error. What it costs does not grow with how many they are: the index
-- jobs_dead is asked for one group after the other, and of each the oldest thousand are looked at,
-- which are those that a replay would begin with.
--
-- Left out are those whose unique key has a living successor: a replay leaves them dead. The orders
-- by are for the planner, as in queues.sql.
with recursive groups as (
    (
        select kind, coalesce(error_class, '') as class from jobs
        where state = 'dead'
        order by kind, coalesce(error_class, ''), id
        limit 1
    )
    union all
    select later.kind, later.class
    from groups
    cross join lateral (
        select kind, coalesce(error_class, '') as class from jobs
        where state = 'dead' and (kind, coalesce(error_class, '')) > (groups.kind, groups.class)
        order by kind, coalesce(error_class, ''), id
        limit 1
    ) as later
)
select groups.kind, nullif(groups.class, '') as error_class, least(counted.jobs, 1000) as jobs, counted.are_more
from (select kind, class from groups limit 200) as groups
cross join lateral (
    select count(*) > 1000 as are_more,
        count(*) filter (
            where dead.unique_key is null or not exists (
                select from jobs living
                where living.tenant_id = dead.tenant_id and living.kind = groups.kind
                  and living.unique_key = dead.unique_key
                  and living.state in ('available', 'dispatched', 'running')
            )
        ) as jobs
    from (
        select j.id, j.tenant_id, j.unique_key from jobs j
        where j.state = 'dead' and j.kind = groups.kind and coalesce(j.error_class, '') = groups.class
        order by j.kind, coalesce(j.error_class, ''), j.id
        limit 1001
    ) as dead
) as counted
where counted.jobs > 0 or counted.are_more
order by counted.are_more desc, counted.jobs desc, groups.kind, groups.class
