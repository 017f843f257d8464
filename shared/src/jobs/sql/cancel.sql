-- $1 the job, $2 its tenant if that matters. Answers with the state in which it was; with nothing
-- when it is over. Asking again somebody who was asked changes nothing, and leaves no line.
with wanted as materialized (
    select id, tenant_id, kind, state, cancel_requested_at
    from jobs
    where id = $1 and ($2 is null or tenant_id = $2) and state in ('available', 'dispatched', 'running')
    for update
),
ended as (
    update jobs
    set state = 'cancelled', finished_at = now(), error_class = 'cancelled'
    from wanted
    where jobs.id = wanted.id and wanted.state <> 'running'
),
asked as (
    update jobs
    set cancel_requested_at = now()
    from wanted
    where jobs.id = wanted.id and wanted.state = 'running' and wanted.cancel_requested_at is null
),
told as (
    insert into audit_log (tenant_id, action, subject_type, subject_id, subject_name, before, after)
    select nullif(tenant_id, '00000000-0000-0000-0000-000000000001'), 'cancel', 'jobs', id::text, kind,
        jsonb_build_object('state', state),
        case when state = 'running' then jsonb_build_object('state', state, 'is_asked_to_stop', true)
            else jsonb_build_object('state', 'cancelled') end
    from wanted
    where state <> 'running' or cancel_requested_at is null
)
select state from wanted
