-- Who takes part, for every statement that asks. The planner opens it, so that an index of just these rows serves.
create function takes_part(status enrollment_status, expires_at timestamptz, at timestamptz) returns boolean
    language sql immutable parallel safe
    return status = 'COMPLETED' or status = 'ACTIVE' and (expires_at is null or at < expires_at);
comment on function takes_part(enrollment_status, timestamptz, timestamptz) is
    'Whether an enrollment opens the course at an instant: one that is over counts no more, also before the clock''s job has come by. As Standing::takes_part has it.';
