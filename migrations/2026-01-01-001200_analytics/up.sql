create table events (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    user_id uuid,
    event_type text not null constraint events_type_shape check (event_type ~ '^[A-Z][A-Z0-9_]{0,99}$'),
    course_id uuid,
    context jsonb not null default '{}',
    occurred_at timestamptz not null,
    dedupe_key text,
    constraint events_once unique (tenant_id, dedupe_key),
    constraint events_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete set null (user_id),
    constraint events_course foreign key (tenant_id, course_id) references courses (tenant_id, id) on delete set null (course_id)
);
create index events_newest on events (tenant_id, occurred_at desc, id desc);
create index events_by_user on events (tenant_id, user_id, occurred_at desc);
create index events_by_course on events (tenant_id, course_id, occurred_at desc);
comment on table events is 'What happened, told by the server''s own operations. Rollups are counted from it and can be rebuilt.';
select protect_tenant_rows('events');

create table daily_rollups (
    tenant_id uuid not null references tenants (id) on delete cascade,
    day date not null,
    event_type text not null,
    events bigint not null,
    people bigint not null,
    updated_at timestamptz not null,
    primary key (tenant_id, day, event_type)
);
comment on table daily_rollups is 'Events of a UTC day by kind: how many, and by how many people.';
select protect_tenant_rows('daily_rollups');
