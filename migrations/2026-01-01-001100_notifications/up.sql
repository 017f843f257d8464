create type notification_type as enum ('COURSE_ENROLLMENT', 'COURSE_COMPLETION', 'ASSESSMENT_SUBMISSION', 'ASSESSMENT_GRADED', 'CERTIFICATE_ISSUED', 'DEADLINE_REMINDER', 'NEW_CONTENT_AVAILABLE', 'ANNOUNCEMENT', 'SYSTEM_ALERT');
create type delivery_channel as enum ('EMAIL', 'IN_APP', 'PUSH', 'SMS');
create type delivery_status as enum ('PENDING', 'SENT', 'FAILED', 'SKIPPED');

create table notifications (
    id uuid primary key,
    tenant_id uuid not null,
    recipient_id uuid not null,
    notification_type notification_type not null,
    subject text not null constraint notifications_subject_length check (char_length(subject) <= 255),
    message text not null,
    action_url text,
    facts jsonb not null default '{}' constraint notifications_facts_size check (octet_length(facts::text) <= 16384),
    dedupe_key text not null,
    created_at timestamptz not null,
    read_at timestamptz,
    dismissed_at timestamptz,
    constraint notifications_tenant_key unique (tenant_id, id),
    constraint notifications_once unique (tenant_id, recipient_id, dedupe_key),
    constraint notifications_recipient foreign key (tenant_id, recipient_id) references users (tenant_id, id) on delete cascade
);
create index notifications_newest on notifications (tenant_id, recipient_id, created_at desc, id desc) where dismissed_at is null;
create index notifications_unread on notifications (tenant_id, recipient_id) where read_at is null and dismissed_at is null;
comment on table notifications is 'What a person should know. Reading and delivering are separate facts: see notification_deliveries.';
comment on column notifications.dedupe_key is 'Names the event; the same event tells the same person once, however often its job runs.';
comment on column notifications.facts is 'The names that its mail speaks of, as they were when it was told.';
comment on column notifications.action_url is 'A path of the web client, or an absolute http(s) address.';
select protect_tenant_rows('notifications');

create table notification_deliveries (
    id uuid primary key,
    tenant_id uuid not null,
    notification_id uuid not null,
    channel delivery_channel not null,
    status delivery_status not null default 'PENDING',
    sent_at timestamptz,
    failure_reason text,
    updated_at timestamptz not null,
    constraint notification_deliveries_one_per_channel unique (notification_id, channel),
    constraint notification_deliveries_notification foreign key (tenant_id, notification_id) references notifications (tenant_id, id) on delete cascade
);
create index notification_deliveries_by_notification on notification_deliveries (tenant_id, notification_id);
comment on table notification_deliveries is 'One line for each channel that a notification goes out by.';
select protect_tenant_rows('notification_deliveries');

create table notification_preferences (
    user_id uuid primary key,
    tenant_id uuid not null,
    is_enabled boolean not null default true,
    preferences jsonb not null default '{}',
    updated_at timestamptz not null,
    constraint notification_preferences_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index notification_preferences_by_user on notification_preferences (tenant_id, user_id);
comment on column notification_preferences.preferences is '{TYPE: {CHANNEL: boolean}}; a missing entry has the default: e-mail and in-app on, push and SMS off.';
select protect_tenant_rows('notification_preferences');
