with wanted as (
    select r.row_number, r.outcome, r.before, e.id as enrollment_id,
        e.status = 'ACTIVE' and not exists (
            select from enrollment_changes c
            where c.tenant_id = e.tenant_id and c.enrollment_id = e.id and c.number > r.change_number
        ) as is_untouched,
        exists (
            select from learner_progress p
            where p.tenant_id = e.tenant_id and p.course_id = e.course_id and p.enrollment_id = e.id
        ) as has_begun
    from enrollment_import_rows r
    left join enrollments e on e.tenant_id = $1 and e.id = any ($5) and e.id = r.enrollment_id
    where r.tenant_id = $1 and r.import_id = $2 and r.row_number = any ($3)
),
removed as (
    delete from enrollments e
    using wanted
    where e.tenant_id = $1 and e.id = any ($5) and e.id = wanted.enrollment_id
        and wanted.is_untouched and wanted.outcome = 'ENROLLED' and not wanted.has_begun
),
cancelled as (
    update enrollments e
    set status = 'CANCELLED', cause = 'UNDO', updated_at = $4
    from wanted
    where e.tenant_id = $1 and e.id = any ($5) and e.id = wanted.enrollment_id
        and wanted.is_untouched and wanted.outcome = 'ENROLLED' and wanted.has_begun
),
restored as (
    update enrollments e
    set status = (wanted.before ->> 'status')::enrollment_status,
        expires_at = (wanted.before ->> 'expires_at')::timestamptz,
        removed = (wanted.before ->> 'removed')::boolean,
        -- The group may have gone meanwhile.
        group_id = (select g.id from learner_groups g where g.tenant_id = $1 and g.id = (wanted.before ->> 'group_id')::uuid),
        started_at = (wanted.before ->> 'started_at')::timestamptz,
        cause = 'UNDO',
        updated_at = $4
    from wanted
    where e.tenant_id = $1 and e.id = any ($5) and e.id = wanted.enrollment_id and wanted.is_untouched and wanted.outcome = 'REACTIVATED'
)
update enrollment_import_rows r
set undo = case
    when not coalesce(wanted.is_untouched, false) then 'KEPT'
    when wanted.outcome = 'ENROLLED' and wanted.has_begun then 'CANCELLED'
    else 'RESTORED'
end::import_undo
from wanted
where r.tenant_id = $1 and r.import_id = $2 and r.row_number = wanted.row_number
