-- The platform's dashboard looks at all tenants at once. Their rows are not its to see, and counting
-- them for each look would scan them all: a job counts each tenant, and the platform sees the counts.
create table tenant_counts (
    tenant_id uuid primary key references tenants (id) on delete cascade,
    users bigint not null,
    courses bigint not null,
    enrollments bigint not null,
    signed_in_today bigint not null,
    signed_in_7d bigint not null,
    signed_in_14d bigint not null,
    signed_in_30d bigint not null,
    new_users_7d bigint not null,
    new_enrollments_7d bigint not null,
    courses_published_7d bigint not null,
    courses_completed_7d bigint not null,
    invited bigint not null,
    counted_at timestamptz not null
);
comment on table tenant_counts is 'Each tenant in numbers, counted by a job every quarter of an hour.';
comment on column tenant_counts.counted_at is 'When; all that ends in _7d is the week before it.';
select protect_tenant_rows('tenant_counts');
select open_to_platform('tenant_counts');

-- What dashboards look for: a learner's latest steps.
create index learner_progress_latest on learner_progress (tenant_id, enrollment_id, updated_at desc);
create index users_by_arrival on users (tenant_id, created_at);
create index users_by_last_login on users (tenant_id, last_login_at);
