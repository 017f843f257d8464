with told as (
    select occurred_at, lag(occurred_at) over (order by occurred_at) as before
    from events
    where tenant_id = $1 and user_id = $2 and ($3 is null or course_id = $3) and event_type = any ($4)
        and occurred_at >= ($5)[1] and occurred_at <= $6
)
select width_bucket(occurred_at, $5) as day_number,
    count(*) as events,
    sum(case when since <= $8 then since else $7 end)::bigint as seconds
from (select occurred_at, round(extract(epoch from occurred_at - before)) as since from told) as timed
group by day_number
order by day_number
