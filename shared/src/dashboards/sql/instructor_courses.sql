-- $1 tenant, $2 instructor, $3 now. One line for each of the instructor's courses. Months are those of UTC. Who is
-- active is counted among those who may come in; what has happened stays, whoever it was.
with months as (
    select begun at time zone 'UTC' as this, (begun - interval '1 month') at time zone 'UTC' as last
    from date_trunc('month', $3::timestamptz at time zone 'UTC') as begun
),
taught as (
    select id, title, slug, status::text as status, price_cents, is_free, published_at, updated_at
    from courses where tenant_id = $1 and instructor_id = $2
),
counted as (
    select e.course_id,
        count(*) as enrollments,
        count(*) filter (where is_here) as active,
        count(*) filter (where e.status = 'COMPLETED') as completed,
        count(*) filter (where e.status = 'CANCELLED') as cancelled,
        count(*) filter (where e.status in ('ACTIVE', 'COMPLETED')) as paying,
        count(*) filter (where e.status in ('ACTIVE', 'COMPLETED') and e.enrolled_at >= months.this) as paying_this_month,
        count(*) filter (where e.status in ('ACTIVE', 'COMPLETED') and e.enrolled_at >= months.last and e.enrolled_at < months.this) as paying_last_month,
        -- Beginning is a step, too.
        max(coalesce(e.last_step_at, e.started_at, e.enrolled_at)) filter (where is_here) as last_step_at
    from taught t
    cross join months
    join enrollments e on e.tenant_id = $1 and e.course_id = t.id
    join users u on u.tenant_id = $1 and u.id = e.user_id
    cross join lateral (select e.status = 'ACTIVE' and u.status = 'ACTIVE' and u.is_active as is_here) as person
    group by e.course_id
),
contents as (
    select t.id as course_id, m.modules, i.items, greatest(t.updated_at, m.changed_at, i.changed_at) as changed_at
    from taught t
    cross join lateral (
        select count(*) as modules, max(updated_at) as changed_at from modules where tenant_id = $1 and course_id = t.id
    ) as m
    cross join lateral (
        select count(*) as items, max(updated_at) as changed_at from content_items where tenant_id = $1 and course_id = t.id
    ) as i
)
select t.id as course_id, t.title, t.slug, t.status, t.published_at, contents.changed_at,
    case when t.is_free then 0 else t.price_cents end as price_cents,
    coalesce(c.enrollments, 0) as enrollments, coalesce(c.active, 0) as active, coalesce(c.completed, 0) as completed,
    coalesce(c.cancelled, 0) as cancelled, coalesce(c.paying, 0) as paying,
    coalesce(c.paying_this_month, 0) as paying_this_month, coalesce(c.paying_last_month, 0) as paying_last_month,
    c.last_step_at, contents.modules, contents.items
from taught t
join contents on contents.course_id = t.id
left join counted c on c.course_id = t.id
order by t.title, t.id
limit 1000
