create type user_role as enum ('ADMIN', 'INSTRUCTOR', 'LEARNER');
create type user_status as enum ('ACTIVE', 'INVITED', 'SUSPENDED', 'DELETED');

create table users (
    id uuid primary key,
    tenant_id uuid references tenants (id) on delete cascade,
    email text not null constraint users_email_length check (char_length(email) between 3 and 254),
    password_hash text,
    first_name text not null default '' constraint users_first_name_length check (char_length(first_name) <= 150),
    last_name text not null default '' constraint users_last_name_length check (char_length(last_name) <= 150),
    role user_role not null default 'LEARNER',
    status user_status not null default 'ACTIVE',
    is_active boolean not null default true,
    is_superuser boolean not null default false,
    bio text not null default '',
    language text not null default 'en',
    timezone text not null default 'UTC',
    preferences jsonb not null default '{}',
    avatar_url text,
    last_login_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint users_superuser_has_no_tenant check (is_superuser = (tenant_id is null)),
    constraint users_tenant_key unique (tenant_id, id)
);
-- Global, not per tenant: people sign in by e-mail alone.
-- The deleted keep theirs, for the record, and leave it free for another.
create unique index users_email_unique on users (lower(email)) where status <> 'DELETED';
create index users_by_tenant on users (tenant_id, email);
create index users_by_role on users (tenant_id, role, status);
comment on table users is 'People who can sign in. Superusers belong to no tenant, everybody else to exactly one.';
comment on column users.password_hash is 'argon2id in PHC form; null until an invitation is accepted.';
comment on column users.is_active is 'Off ends every session at once, whatever the status.';
comment on column users.timezone is 'An IANA zone, checked by the application.';
select protect_tenant_rows('users');
select open_to_platform('users');

create table sessions (
    id uuid primary key,
    tenant_id uuid references tenants (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    refresh_hash bytea not null,
    generation integer not null default 0,
    rotated_at timestamptz not null,
    user_agent text not null default '',
    address text not null default '',
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_because text
);
create index sessions_by_user on sessions (user_id, created_at) where revoked_at is null;
create index sessions_by_tenant on sessions (tenant_id);
create index sessions_by_expiry on sessions (expires_at);
comment on table sessions is 'A signed-in device. Access tokens name it and die with it.';
comment on column sessions.refresh_hash is 'SHA-256 of the refresh token that is valid now; the token itself is stored nowhere.';
comment on column sessions.generation is 'How often the refresh token was rotated; an older one shown again means it was stolen.';
select protect_tenant_rows('sessions');
select open_to_platform('sessions');

create type one_time_token_purpose as enum ('PASSWORD_RESET', 'INVITATION');
create table one_time_tokens (
    id uuid primary key,
    tenant_id uuid references tenants (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    purpose one_time_token_purpose not null,
    token_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint one_time_tokens_hash_unique unique (token_hash)
);
create index one_time_tokens_by_user on one_time_tokens (user_id, purpose);
create index one_time_tokens_by_tenant on one_time_tokens (tenant_id);
create index one_time_tokens_by_expiry on one_time_tokens (expires_at);
comment on table one_time_tokens is 'Links sent by mail: resetting a password, accepting an invitation. Single use, bound to purpose and person.';
select protect_tenant_rows('one_time_tokens');
select open_to_platform('one_time_tokens');

create table learner_groups (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    name text not null constraint learner_groups_name_length check (char_length(name) between 1 and 255),
    description text not null default '',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint learner_groups_name_per_tenant unique (tenant_id, name),
    constraint learner_groups_tenant_key unique (tenant_id, id)
);
comment on table learner_groups is 'Cohorts and teams: people who are enrolled together.';
select protect_tenant_rows('learner_groups');

create table group_memberships (
    tenant_id uuid not null,
    group_id uuid not null,
    user_id uuid not null,
    joined_at timestamptz not null,
    primary key (group_id, user_id),
    constraint group_memberships_group foreign key (tenant_id, group_id) references learner_groups (tenant_id, id) on delete cascade,
    constraint group_memberships_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index group_memberships_by_user on group_memberships (tenant_id, user_id);
create index group_memberships_by_group on group_memberships (tenant_id, group_id);
select protect_tenant_rows('group_memberships');
