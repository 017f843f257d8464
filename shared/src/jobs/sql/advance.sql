-- The row of the job is locked until the commit: nobody can take the claim away in between.
with held as (
    select id, tenant_id from jobs
    where id = $1 and lease_token = $2 and state = 'running'
    for update
)
insert into job_cursors (job_id, tenant_id, cursor, children)
select id, tenant_id, $3, $4 from held
on conflict (job_id) do update
set cursor = excluded.cursor, children = job_cursors.children + excluded.children, updated_at = now()
