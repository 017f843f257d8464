-- $1 tenant, $2 learner, $3 how many, $4 now. A course that was withdrawn is not shown, and what has not opened yet is not next.
select c.id as course_id, c.title, c.slug, c.thumbnail, e.progress, e.updated_at as last_accessed_at,
    counted.required, counted.done,
    next_item.id as next_id, next_item.title as next_title, next_item.module_title as next_module, next_item.content_type as next_type
from enrollments e
join courses c on c.tenant_id = e.tenant_id and c.id = e.course_id and c.status <> 'DRAFT'
cross join lateral (
    select count(*) as required, count(*) filter (where p.status = 'COMPLETED') as done
    from content_items i
    left join learner_progress p on p.tenant_id = $1 and p.enrollment_id = e.id and p.content_item_id = i.id
    where i.tenant_id = $1 and i.course_id = c.id and i.is_published and i.is_required
) as counted
left join lateral (
    select i.id, i.title, m.title as module_title, i.content_type::text as content_type
    from content_items i
    join modules m on m.tenant_id = $1 and m.id = i.module_id
    left join learner_progress p on p.tenant_id = $1 and p.enrollment_id = e.id and p.content_item_id = i.id
    where i.tenant_id = $1 and i.course_id = c.id and i.is_published and p.status is distinct from 'COMPLETED'
      and coalesce(greatest(i.release_at, m.release_at,
            e.started_at + make_interval(days => i.release_after_days), e.started_at + make_interval(days => m.release_after_days)) <= $4, true)
      and coalesce(least(i.available_until, m.available_until) > $4, true)
    order by m.position, m.id, i.position, i.id
    limit 1
) as next_item on true
where e.tenant_id = $1 and e.user_id = $2 and e.status = 'ACTIVE'
order by e.updated_at desc, e.id
limit $3
