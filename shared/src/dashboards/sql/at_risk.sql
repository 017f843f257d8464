-- $1 tenant, $2 instructor, $3 now, $4 how many. Days without a step count from the last one, or else from when the
-- learner began. Who may not come in any more is not at risk.
with learning as (
    select u.id as student_id, u.first_name, u.last_name, u.email, c.id as course_id, c.title, c.slug, e.progress,
        coalesce(e.last_step_at, begun.at) as last_activity_at,
        floor(extract(epoch from $3::timestamptz - coalesce(e.last_step_at, begun.at)) / 86400)::bigint as days_idle,
        floor(extract(epoch from $3::timestamptz - begun.at) / 86400)::bigint as days_enrolled
    from courses c
    join enrollments e on e.tenant_id = c.tenant_id and e.course_id = c.id and e.status = 'ACTIVE'
    join users u on u.tenant_id = e.tenant_id and u.id = e.user_id and u.status = 'ACTIVE' and u.is_active
    cross join lateral (select coalesce(e.started_at, e.enrolled_at) as at) as begun
    where c.tenant_id = $1 and c.instructor_id = $2
)
select * from learning
where days_idle >= 7 or (progress < 20 and days_enrolled >= 14)
order by days_idle >= 14 desc, days_idle desc, student_id
limit $4
