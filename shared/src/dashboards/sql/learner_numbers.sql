-- $1 tenant, $2 learner, $3 when the learner's week began.
with mine as (
    select e.id, e.course_id, e.status, e.progress, c.estimated_duration
    from enrollments e join courses c on c.tenant_id = e.tenant_id and c.id = e.course_id
    where e.tenant_id = $1 and e.user_id = $2
),
-- A course's hours, shared out evenly among what it requires.
shares as (
    select i.course_id, m.estimated_duration::float8 / count(*) as hours
    from mine m
    join content_items i on i.tenant_id = $1 and i.course_id = m.course_id and i.is_published and i.is_required
    group by i.course_id, m.estimated_duration
),
done as (
    select p.completed_at,
        case when i.is_published and i.is_required then s.hours else 0 end as hours
    from mine m
    join learner_progress p on p.tenant_id = $1 and p.course_id = m.course_id and p.enrollment_id = m.id
    join content_items i on i.tenant_id = $1 and i.id = p.content_item_id
    left join shares s on s.course_id = m.course_id
    where p.status = 'COMPLETED'
)
select
    (select count(*) from mine where status = 'ACTIVE') as active_courses,
    (select count(*) from mine where status = 'COMPLETED') as completed_courses,
    (select count(*) from certificates where tenant_id = $1 and user_id = $2 and status = 'ISSUED') as certificates,
    (select coalesce(round(avg(progress)), 0)::bigint from mine where status in ('ACTIVE', 'COMPLETED')) as overall_progress,
    (select coalesce(sum(hours), 0)::float8 from done) as study_hours,
    (select count(*) from done) as lessons,
    (select coalesce(sum(hours), 0)::float8 from done where completed_at >= $3) as week_study_hours,
    (select count(*) from done where completed_at >= $3) as week_lessons
