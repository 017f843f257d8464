with lost as (
    delete from job_workers where seen_at < now() - interval '1 hour' and name <> $1
)
insert into job_workers (name, host, process_id, version, queues, running, is_stopping)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (name) do update
set running = excluded.running, is_stopping = excluded.is_stopping, seen_at = now()
