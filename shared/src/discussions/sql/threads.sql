-- Threads as a reader sees them: picked first, counted afterwards, so that counting costs the same
-- however long the list. $1 tenant, $2 reader, $3 runs all courses, $4 runs those they teach.
with seen as (
    select t.*, c.slug as course_slug, c.title as course_title,
        ($3 or ($4 and c.instructor_id = $2)) is true as runs
    from discussion_threads t
    join courses c on c.tenant_id = t.tenant_id and c.id = t.course_id
    where t.tenant_id = $1
        and t.deleted_at is null
        and (not t.is_hidden or t.author_id = $2 or ($3 or ($4 and c.instructor_id = $2)) is true)
        and ($5::uuid is null or t.id = $5)
        and ($6::uuid is null or t.course_id = $6)
        and ($15::text is null or c.slug = $15)
        and ($7::uuid is null or t.module_id = $7)
        and ($8::uuid is null or t.content_item_id = $8)
        and ($9 or t.status <> 'ARCHIVED')
        and ($10::text is null or t.title ilike $10 or t.content ilike $10)
        and (
            ($3 or ($4 and c.instructor_id = $2)) is true
            or (c.status <> 'DRAFT' and exists (
                select from enrollments e
                where e.tenant_id = t.tenant_id and e.course_id = t.course_id and e.user_id = $2
                    and takes_part(e.status, e.expires_at, $16)
            ))
        )
        and (not $11 or exists (
            select from discussion_bookmarks b where b.tenant_id = t.tenant_id and b.thread_id = t.id and b.user_id = $2
        ))
),
picked as (
    select seen.*, count(*) over () as total
    from seen
    order by
        case when $12 = 'activity' then seen.is_pinned end desc,
        case when $12 in ('activity', '-last_activity_at') then seen.last_activity_at end desc,
        case when $12 = 'last_activity_at' then seen.last_activity_at end,
        case when $12 = '-created_at' then seen.created_at end desc,
        case when $12 = 'created_at' then seen.created_at end,
        case when $12 = 'title' then seen.title end,
        case when $12 = '-title' then seen.title end desc,
        seen.id desc
    limit $13 offset $14
)
select p.*, a.first_name, a.last_name, a.avatar_url,
    (select count(*) from discussion_replies r
        where r.tenant_id = p.tenant_id and r.thread_id = p.id and r.deleted_at is null and not r.is_hidden) as reply_count,
    (select count(*) from discussion_thread_likes l where l.tenant_id = p.tenant_id and l.thread_id = p.id) as like_count,
    (select count(*) from discussion_views v where v.tenant_id = p.tenant_id and v.thread_id = p.id) as view_count,
    exists (select from discussion_thread_likes l where l.thread_id = p.id and l.user_id = $2) as is_liked,
    exists (select from discussion_bookmarks b where b.tenant_id = p.tenant_id and b.thread_id = p.id and b.user_id = $2) as is_bookmarked,
    exists (select from discussion_followers f where f.thread_id = p.id and f.user_id = $2 and f.is_following) as is_following,
    (select v.last_viewed_at from discussion_views v where v.thread_id = p.id and v.user_id = $2) as last_viewed_at
from picked p
join users a on a.tenant_id = p.tenant_id and a.id = p.author_id
order by
    case when $12 = 'activity' then p.is_pinned end desc,
    case when $12 in ('activity', '-last_activity_at') then p.last_activity_at end desc,
    case when $12 = 'last_activity_at' then p.last_activity_at end,
    case when $12 = '-created_at' then p.created_at end desc,
    case when $12 = 'created_at' then p.created_at end,
    case when $12 = 'title' then p.title end,
    case when $12 = '-title' then p.title end desc,
    p.id desc
