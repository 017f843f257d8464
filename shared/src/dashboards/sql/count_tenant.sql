-- $1 tenant, $2 now.
select
    (select count(*) from courses where tenant_id = $1) as courses,
    (select count(*) from enrollments where tenant_id = $1) as enrollments,
    (select count(*) from enrollments where tenant_id = $1 and enrolled_at > $2::timestamptz - interval '7 days') as new_enrollments_7d,
    (select count(*) from courses where tenant_id = $1 and status = 'PUBLISHED' and published_at > $2::timestamptz - interval '7 days') as courses_published_7d,
    (select count(*) from enrollments where tenant_id = $1 and status = 'COMPLETED' and completed_at > $2::timestamptz - interval '7 days') as courses_completed_7d,
    u.*
from (
    select
        count(*) filter (where is_active and status <> 'SUSPENDED') as users,
        count(*) filter (where last_login_at >= date_trunc('day', $2 at time zone 'UTC') at time zone 'UTC') as signed_in_today,
        count(*) filter (where last_login_at > $2::timestamptz - interval '7 days') as signed_in_7d,
        count(*) filter (where last_login_at > $2::timestamptz - interval '14 days') as signed_in_14d,
        count(*) filter (where last_login_at > $2::timestamptz - interval '30 days') as signed_in_30d,
        count(*) filter (where created_at > $2::timestamptz - interval '7 days') as new_users_7d,
        count(*) filter (where status = 'INVITED') as invited
    from users where tenant_id = $1 and status <> 'DELETED'
) as u
