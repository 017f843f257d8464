-- Schedules of $1 of which one of the last jobs is unfinished. Only the last few are looked at: the
-- history is long, and what is older than that many runs has been overtaken before.
select wanted.id
from unnest($1::uuid[]) as wanted (id)
where exists (
    select from (
        select run.job_id from schedule_runs run
        where run.schedule_id = wanted.id and run.job_id is not null
        order by run.scheduled_for desc
        limit 20
    ) as lately
    join jobs on jobs.id = lately.job_id and jobs.finished_at is null
)
