-- $1 tenant, $2 learner, $3 whether to leave out what they are in, $4 how many.
with mine as (
    select e.course_id, e.status, e.progress, c.category
    from enrollments e join courses c on c.tenant_id = e.tenant_id and c.id = e.course_id
    where e.tenant_id = $1 and e.user_id = $2 and e.status in ('ACTIVE', 'COMPLETED', 'PENDING')
),
popular as (
    select course_id, count(*) as enrollments from enrollments
    where tenant_id = $1 and status in ('ACTIVE', 'COMPLETED') group by course_id
),
open_courses as (
    select c.id, c.title, c.slug, c.description, c.category, c.difficulty_level::text as difficulty_level, c.published_at,
        coalesce(p.enrollments, 0) as enrollments,
        c.category <> '' and exists (select from mine m where m.category = c.category) as is_familiar,
        exists (
            select from course_prerequisites q join mine m on m.course_id = q.prerequisite_course_id
            where q.tenant_id = $1 and q.course_id = c.id and m.status = 'COMPLETED') as is_next
    from courses c left join popular p on p.course_id = c.id
    where c.tenant_id = $1 and c.status = 'PUBLISHED'
      and not ($3 and exists (select from mine m where m.course_id = c.id))
      and not exists (
          select from course_prerequisites q
          where q.tenant_id = $1 and q.course_id = c.id and q.prerequisite_type = 'REQUIRED'
            and not exists (
                select from mine m where m.course_id = q.prerequisite_course_id
                  and (m.status = 'COMPLETED' or m.progress >= q.minimum_completion_percentage)))
)
select id, title, slug, description, category, difficulty_level, enrollments, is_familiar, is_next,
    (0.4 * is_next::integer + 0.3 * is_familiar::integer
        + 0.3 * coalesce(enrollments::float8 / nullif(max(enrollments) over (), 0), 0))::float8 as score
from open_courses
order by score desc, published_at desc nulls last, id
limit $4
