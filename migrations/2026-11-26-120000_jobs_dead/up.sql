-- The dead by kind and error, the oldest first: what the operators' page groups them by each second.
-- What is included is all that it reads of them, so that their rows are left alone.
create index jobs_dead on jobs (kind, (coalesce(error_class, '')), id) include (error_class, tenant_id, unique_key)
    where state = 'dead';
