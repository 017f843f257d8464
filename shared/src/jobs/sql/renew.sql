update jobs
set lease_until = now() + make_interval(secs => held.lease)
from unnest($1::uuid[], $2::bigint[], $3::double precision[]) as held (id, token, lease)
where jobs.id = held.id and jobs.lease_token = held.token and jobs.state = 'running'
returning jobs.id, jobs.lease_token as token, jobs.cancel_requested_at is not null as is_cancel_requested
