with counted as (
    select event_type, count(*) as events, count(distinct user_id) as people
    from events
    where tenant_id = $1 and occurred_at >= $3 and occurred_at < $4
    group by event_type
), gone as (
    delete from daily_rollups as old
    where old.tenant_id = $1 and old.day = $2
        and not exists (select from counted where counted.event_type = old.event_type)
)
insert into daily_rollups as kept (tenant_id, day, event_type, events, people, updated_at)
select $1, $2, event_type, events, people, $5 from counted
on conflict (tenant_id, day, event_type) do update
    set events = excluded.events, people = excluded.people, updated_at = excluded.updated_at
