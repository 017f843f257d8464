-- Followers of a thread who may still read it, by id, behind $4. $1 tenant, $2 thread, $3 the author
-- of the reply, who needs no telling, $6 now.
select f.user_id as id
from discussion_followers f
join discussion_threads t on t.tenant_id = f.tenant_id and t.id = f.thread_id
join courses c on c.tenant_id = t.tenant_id and c.id = t.course_id
join users u on u.tenant_id = f.tenant_id and u.id = f.user_id
where f.tenant_id = $1
    and f.thread_id = $2
    and f.is_following
    and f.user_id <> $3
    and ($4::uuid is null or f.user_id > $4)
    and u.status = 'ACTIVE' and u.is_active
    and (not t.is_hidden or t.author_id = u.id or u.role = 'ADMIN' or (u.role = 'INSTRUCTOR' and c.instructor_id = u.id))
    and (
        u.role = 'ADMIN'
        or (u.role = 'INSTRUCTOR' and c.instructor_id = u.id)
        or (c.status <> 'DRAFT' and exists (
            select from enrollments e
            where e.tenant_id = f.tenant_id and e.course_id = t.course_id and e.user_id = f.user_id
                and takes_part(e.status, e.expires_at, $6)
        ))
    )
order by f.user_id
limit $5
