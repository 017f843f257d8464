-- Replies as a reader sees them, oldest first: picked first, counted afterwards. What is deleted, or
-- hidden from the reader, keeps its place while something stands below it.
-- $1 tenant, $2 reader, $3 runs all courses, $4 runs those they teach.
with seen as (
    select r.*, t.course_id, ($3 or ($4 and c.instructor_id = $2)) is true as runs,
        row_number() over (partition by r.root_id order by r.created_at, r.id) as place
    from discussion_replies r
    join discussion_threads t on t.tenant_id = r.tenant_id and t.id = r.thread_id
    join courses c on c.tenant_id = t.tenant_id and c.id = t.course_id
    where r.tenant_id = $1
        and t.deleted_at is null
        and (not t.is_hidden or t.author_id = $2 or ($3 or ($4 and c.instructor_id = $2)) is true)
        and ($5::uuid is null or r.id = $5)
        and ($6::uuid is null or r.thread_id = $6)
        and ($7::uuid is null or r.parent_id = $7)
        and ($8::uuid[] is null or r.root_id = any ($8))
        and (not $9 or r.depth = 0)
        and (
            ($3 or ($4 and c.instructor_id = $2)) is true
            or (c.status <> 'DRAFT' and exists (
                select from enrollments e
                where e.tenant_id = t.tenant_id and e.course_id = t.course_id and e.user_id = $2
                    and takes_part(e.status, e.expires_at, $13)
            ))
        )
        and (
            (r.deleted_at is null
                and (not r.is_hidden or r.author_id = $2 or ($3 or ($4 and c.instructor_id = $2)) is true))
            or exists (
                select from discussion_replies below
                where below.tenant_id = r.tenant_id and below.thread_id = r.thread_id
                    and (below.root_id = r.id or below.parent_id = r.id) and below.deleted_at is null
            )
        )
),
picked as (
    select seen.*, count(*) over () as total
    from seen
    where seen.place <= $10
    order by seen.created_at, seen.id
    limit $11 offset $12
)
select p.*, a.first_name, a.last_name, a.avatar_url,
    (select count(*) from discussion_reply_likes l where l.tenant_id = p.tenant_id and l.reply_id = p.id) as like_count,
    (select count(*) from discussion_replies below
        where below.tenant_id = p.tenant_id and below.thread_id = p.thread_id and below.parent_id = p.id
            and below.deleted_at is null and not below.is_hidden) as child_count,
    exists (select from discussion_reply_likes l where l.reply_id = p.id and l.user_id = $2) as is_liked
from picked p
join users a on a.tenant_id = p.tenant_id and a.id = p.author_id
order by p.created_at, p.id
