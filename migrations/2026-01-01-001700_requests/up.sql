create table idempotency_keys (
    user_id uuid not null references users (id) on delete cascade,
    key text not null constraint idempotency_keys_length check (char_length(key) between 1 and 255),
    tenant_id uuid references tenants (id) on delete cascade,
    request_hash bytea not null,
    status smallint,
    content_type text,
    location text,
    body bytea,
    created_at timestamptz not null,
    primary key (user_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
create index idempotency_keys_by_tenant on idempotency_keys (tenant_id);
comment on table idempotency_keys is 'Answers already given to POSTs that named themselves, written in the transaction of their effects and kept for a day.';
comment on column idempotency_keys.request_hash is 'SHA-256 of method, path and body: the same key for another request is refused.';
select protect_tenant_rows('idempotency_keys');
select open_to_platform('idempotency_keys');

-- Unlogged: after a crash of the server the buckets start full, which is no loss.
create unlogged table throttles (
    bucket text primary key,
    level double precision not null,
    updated_at timestamptz not null
);
comment on table throttles is 'Leaky buckets by what is limited and by whom, shared by all API processes. Not a tenant''s: they guard the doors before anybody is signed in.';
comment on column throttles.level is 'Requests in the bucket at updated_at; it leaks at the rate of its rule.';
grant select, insert, update, delete on throttles to lms_app, lms_platform;
