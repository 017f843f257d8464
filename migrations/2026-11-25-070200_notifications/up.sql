alter type notification_type add value 'DISCUSSION_REPLY';

create type digest_frequency as enum ('OFF', 'DAILY', 'WEEKLY');
alter table notification_preferences
    add column digest digest_frequency not null default 'OFF',
    add column digest_hour smallint not null default 8 constraint notification_preferences_digest_hour check (digest_hour between 0 and 23),
    add column digest_weekday smallint not null default 1 constraint notification_preferences_digest_weekday check (digest_weekday between 1 and 7),
    add column quiet_from time,
    add column quiet_to time,
    add constraint notification_preferences_quiet_hours check ((quiet_from is null) = (quiet_to is null) and quiet_from <> quiet_to);
comment on column notification_preferences.digest is 'Mails that can wait are summed up in one.';
comment on column notification_preferences.digest_hour is 'When, on the person''s own clock (users.timezone).';
comment on column notification_preferences.digest_weekday is 'On which day a weekly one comes: 1 is Monday.';
comment on column notification_preferences.quiet_from is 'From here to quiet_to, on the person''s own clock, nothing that can wait is delivered outside the application; over midnight when it is the later of the two.';

create type announcement_target as enum ('ALL_TENANT', 'COURSE_ENROLLED', 'GROUP', 'SPECIFIC_USERS');
create type announcement_status as enum ('DRAFT', 'SCHEDULED', 'SENDING', 'SENT', 'CANCELLED');
create table announcements (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    author_id uuid,
    title text not null constraint announcements_title_length check (char_length(title) between 1 and 255),
    message text not null,
    target_type announcement_target not null,
    target_course_id uuid,
    target_group_id uuid,
    status announcement_status not null,
    scheduled_at timestamptz,
    sent_at timestamptz,
    recipients_count integer not null default 0 constraint announcements_recipients_count check (recipients_count >= 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint announcements_tenant_key unique (tenant_id, id),
    constraint announcements_scheduled_when check (status <> 'SCHEDULED' or scheduled_at is not null),
    constraint announcements_sent_when check (status not in ('SENDING', 'SENT') or sent_at is not null),
    constraint announcements_author foreign key (tenant_id, author_id) references users (tenant_id, id) on delete set null (author_id),
    constraint announcements_course foreign key (tenant_id, target_course_id) references courses (tenant_id, id) on delete set null (target_course_id),
    constraint announcements_group foreign key (tenant_id, target_group_id) references learner_groups (tenant_id, id) on delete set null (target_group_id)
);
create index announcements_newest on announcements (tenant_id, created_at desc, id desc);
create index announcements_by_author on announcements (tenant_id, author_id);
create index announcements_by_course on announcements (tenant_id, target_course_id);
create index announcements_by_group on announcements (tenant_id, target_group_id);
comment on table announcements is 'Words of an administrator or an instructor to many.';
comment on column announcements.sent_at is 'When sending began.';
comment on column announcements.recipients_count is 'How many people were meant, also those who do not want to hear of it.';
select protect_tenant_rows('announcements');

create table announcement_recipients (
    tenant_id uuid not null,
    announcement_id uuid not null,
    user_id uuid not null,
    primary key (announcement_id, user_id),
    constraint announcement_recipients_announcement foreign key (tenant_id, announcement_id) references announcements (tenant_id, id) on delete cascade,
    constraint announcement_recipients_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index announcement_recipients_by_announcement on announcement_recipients (tenant_id, announcement_id);
create index announcement_recipients_by_user on announcement_recipients (tenant_id, user_id);
comment on table announcement_recipients is 'Whom an announcement to chosen people names.';
select protect_tenant_rows('announcement_recipients');

create table notification_digests (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    due_at timestamptz not null,
    sent_at timestamptz,
    constraint notification_digests_tenant_key unique (tenant_id, id),
    constraint notification_digests_once unique (tenant_id, user_id, due_at),
    constraint notification_digests_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
comment on table notification_digests is 'A mail that sums up what could wait: made when the first of it happens.';
select protect_tenant_rows('notification_digests');

alter table notifications
    add column announcement_id uuid,
    add constraint notifications_announcement foreign key (tenant_id, announcement_id) references announcements (tenant_id, id) on delete set null (announcement_id);
create index notifications_by_announcement on notifications (tenant_id, announcement_id) where announcement_id is not null;

alter table notification_deliveries
    add column held_until timestamptz,
    add column digest_id uuid,
    add constraint notification_deliveries_digest foreign key (tenant_id, digest_id) references notification_digests (tenant_id, id) on delete set null (digest_id);
create index notification_deliveries_by_digest on notification_deliveries (tenant_id, digest_id) where digest_id is not null;
comment on column notification_deliveries.held_until is 'The end of the person''s quiet hours, when it was told during them.';
comment on column notification_deliveries.digest_id is 'The summary that carries it, in place of a mail of its own.';

create table email_templates (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    name text not null,
    subject text,
    text_body text,
    html_body text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint email_templates_once unique (tenant_id, name)
);
comment on table email_templates is 'A tenant''s own words in place of a built-in mail''s; a part that is null is the built-in one.';
select protect_tenant_rows('email_templates');

-- A person's bell rings in whichever browser they have open; see the migration `live`.
create function tell_inbox() returns trigger
    language plpgsql as $$
begin
    perform pg_notify('live', 'inbox:' || new.recipient_id);
    return null;
end $$;
comment on function tell_inbox() is 'Announces at commit that a person''s notifications have changed.';
create trigger notifications_told after insert or update of read_at, dismissed_at on notifications
    for each row execute function tell_inbox();
