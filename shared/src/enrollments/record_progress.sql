,
item as (
    select i.*
    from given
    join content_items i
        on i.tenant_id = given.tenant_id and i.id = given.item_id and i.course_id = given.course_id and i.is_published
),
was as (
    select p.status, p.updated_at
    from given
    join learner_progress p on p.enrollment_id = given.enrollment_id and p.content_item_id = given.item_id
),
written as (
    insert into learner_progress as p
        (id, tenant_id, course_id, enrollment_id, content_item_id, status, progress_details, started_at, completed_at, updated_at)
    select given.progress_id, given.tenant_id, given.course_id, given.enrollment_id, item.id, given.status, given.details,
        case when given.status <> 'NOT_STARTED' then given.at end,
        case when given.status = 'COMPLETED' then given.at end,
        given.at
    from given
    cross join item
    on conflict (enrollment_id, content_item_id) do update set
        status = case
            when p.status = 'COMPLETED' and excluded.status = 'IN_PROGRESS' then p.status
            else excluded.status
        end,
        progress_details = case
            when excluded.status = 'NOT_STARTED' then excluded.progress_details
            else p.progress_details || excluded.progress_details
        end,
        started_at = case when excluded.status <> 'NOT_STARTED' then coalesce(p.started_at, excluded.started_at) end,
        completed_at = case when excluded.status <> 'NOT_STARTED' then coalesce(p.completed_at, excluded.completed_at) end,
        updated_at = excluded.updated_at
    returning p.*
),
counted as (
    select count(*) as required,
        count(*) filter (where is_done) as done,
        count(*) filter (where is_near) as required_near,
        count(*) filter (where is_near and is_done) as done_near
    from (
        select i.module_id = item.module_id as is_near,
            case when i.id = written.content_item_id then written.status else p.status end = 'COMPLETED' as is_done
        from written
        cross join item
        join content_items i
            on i.tenant_id = written.tenant_id and i.course_id = written.course_id and i.is_published and i.is_required
        left join learner_progress p on p.enrollment_id = written.enrollment_id and p.content_item_id = i.id
    ) as asked
),
-- Players tell of each second of a film: one step in five minutes is noted, or with what is written anyway.
moved as (
    update enrollments e
    set progress = case when e.status = 'ACTIVE' then percent_done(done, required) else e.progress end,
        updated_at = case
            when e.status = 'ACTIVE' and e.progress <> percent_done(done, required) then given.at
            else e.updated_at
        end,
        last_step_at = case when written.status <> 'NOT_STARTED' then given.at else e.last_step_at end
    from given, written, counted
    where e.tenant_id = given.tenant_id and e.id = given.enrollment_id
        and (
            -- A completed enrollment stays at 100, also when content is added later.
            e.status = 'ACTIVE' and e.progress <> percent_done(done, required)
            or written.status <> 'NOT_STARTED'
                and (e.last_step_at is null or e.last_step_at <= given.at - interval '5 minutes')
        )
)
select written.id, written.status, written.progress_details, written.started_at, written.completed_at,
    (select status from was), (select updated_at from was), item.title, item.module_id, item.content_type, item.is_required,
    required > 0 and done = required, required_near > 0 and done_near = required_near, percent_done(done, required)
from written, item, counted
