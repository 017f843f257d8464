-- $1 tenant, $2 instructor, $3 now, $4 how many. A step is noted once in five minutes, so that the one that counts may
-- be told of by one that came a little earlier.
with best as (
    select e.user_id, u.first_name, u.last_name, c.id as course_id, c.title, c.estimated_duration,
        count(*) as items, count(*) filter (where i.is_published and i.is_required) as required_items
    from courses c
    join enrollments e on e.tenant_id = c.tenant_id and e.course_id = c.id
        and e.last_step_at >= $3::timestamptz - interval '7 days 5 minutes'
    join users u on u.tenant_id = e.tenant_id and u.id = e.user_id and u.status = 'ACTIVE' and u.is_active
    join learner_progress p on p.tenant_id = $1 and p.enrollment_id = e.id
        and p.completed_at >= $3::timestamptz - interval '7 days'
    join content_items i on i.tenant_id = $1 and i.id = p.content_item_id
    where c.tenant_id = $1 and c.instructor_id = $2
    group by e.user_id, u.first_name, u.last_name, c.id
    order by items desc, e.user_id
    limit $4
)
select b.first_name, b.last_name, b.title as course, b.items,
    coalesce(b.required_items * b.estimated_duration::float8 / nullif(r.required, 0), 0)::float8 as hours
from best b
cross join lateral (
    select count(*) as required from content_items i
    where i.tenant_id = $1 and i.course_id = b.course_id and i.is_published and i.is_required
) as r
order by b.items desc, b.user_id
