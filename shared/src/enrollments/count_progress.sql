with counted as (
    select e.id, e.progress, count(i.id) as required, count(i.id) filter (where p.status = 'COMPLETED') as done
    from enrollments e
    left join content_items i
        on i.tenant_id = e.tenant_id and i.course_id = e.course_id and i.is_published and i.is_required
    left join learner_progress p on p.enrollment_id = e.id and p.content_item_id = i.id
    where e.tenant_id = $1 and e.id = any ($2)
    group by e.id
),
moved as (
    update enrollments e
    set progress = percent_done(done, required), updated_at = $3
    from counted
    where e.tenant_id = $1 and e.id = counted.id and counted.progress <> percent_done(done, required)
)
select id, required > 0 and done = required as all_done
from counted
