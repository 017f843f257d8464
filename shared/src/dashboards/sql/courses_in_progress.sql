-- $1 tenant, $2 learner, $3 how many, $4 now. A course that was withdrawn is not shown, nor one whose time is over.
with latest as (
    select e.*, c.status as course_status, c.title, c.slug, c.thumbnail,
        coalesce(e.last_step_at, e.started_at, e.enrolled_at) as last_at
    from enrollments e
    join courses c on c.tenant_id = e.tenant_id and c.id = e.course_id and c.status <> 'DRAFT'
    where e.tenant_id = $1 and e.user_id = $2 and e.status = 'ACTIVE' and takes_part(e.status, e.expires_at, $4)
    order by last_at desc, e.id
    limit $3
)
select l.course_id, l.course_status, l.title, l.slug, l.thumbnail, l.last_at,
    l.id, l.status, l.progress, l.enrolled_at, l.started_at, l.expires_at,
    counted.required, counted.done
from latest l
cross join lateral (
    select count(*) as required, count(*) filter (where p.status = 'COMPLETED') as done
    from content_items i
    left join learner_progress p on p.tenant_id = $1 and p.enrollment_id = l.id and p.content_item_id = i.id
    where i.tenant_id = $1 and i.course_id = l.course_id and i.is_published and i.is_required
) as counted
order by l.last_at desc, l.id
