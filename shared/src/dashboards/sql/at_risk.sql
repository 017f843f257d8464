-- $1 tenant, $2 instructor, $3 now, $4 how many. Days without a step count from the enrollment's last change.
with idle as (
    select e.user_id, e.course_id, c.title, c.slug, e.progress, e.updated_at,
        floor(extract(epoch from $3::timestamptz - e.updated_at) / 86400)::bigint as days_idle,
        floor(extract(epoch from $3::timestamptz - e.enrolled_at) / 86400)::bigint as days_enrolled
    from courses c join enrollments e on e.tenant_id = c.tenant_id and e.course_id = c.id
    where c.tenant_id = $1 and c.instructor_id = $2 and e.status = 'ACTIVE'
)
select u.id as student_id, u.first_name, u.last_name, u.email, i.course_id, i.title, i.slug, i.progress,
    i.updated_at as last_activity_at, i.days_idle, i.days_enrolled
from idle i join users u on u.tenant_id = $1 and u.id = i.user_id
where i.days_idle >= 7 or (i.progress < 20 and i.days_enrolled >= 14)
order by i.days_idle >= 14 desc, i.days_idle desc, u.id
limit $4
