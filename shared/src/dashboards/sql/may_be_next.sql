-- $1 tenant, $2 enrollments. What may be next in each, in the course's order: what is published and not completed.
-- Whether it is open is decided elsewhere, by its module and its dates: of those that have both in common the first
-- one speaks for all.
select * from (
    select distinct on (e.id, m.id, i.release_at, i.release_after_days, i.available_until)
        i.course_id, m.id as module_id, m.title as module_title, m.position as module_place,
        m.release_at as module_release_at, m.release_after_days as module_release_after_days,
        m.available_until as module_available_until,
        i.id, i.title, i.content_type::text as content_type, i.position as place,
        i.release_at, i.release_after_days, i.available_until
    from enrollments e
    join content_items i on i.tenant_id = $1 and i.course_id = e.course_id and i.is_published
    join modules m on m.tenant_id = $1 and m.id = i.module_id
    left join learner_progress p on p.tenant_id = $1 and p.enrollment_id = e.id and p.content_item_id = i.id
    where e.tenant_id = $1 and e.id = any ($2) and p.status is distinct from 'COMPLETED'
    order by e.id, m.id, i.release_at, i.release_after_days, i.available_until, i.position, i.id
) as firsts
order by module_place, module_id, place, id
