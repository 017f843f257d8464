create type enrollment_status as enum ('PENDING', 'ACTIVE', 'COMPLETED', 'CANCELLED', 'EXPIRED');
create type progress_status as enum ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED');

create table enrollments (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    course_id uuid not null,
    status enrollment_status not null,
    progress smallint not null default 0 constraint enrollments_progress_percent check (progress between 0 and 100),
    enrolled_at timestamptz not null,
    completed_at timestamptz,
    expires_at timestamptz,
    removed boolean not null default false,
    updated_at timestamptz not null,
    constraint enrollments_one_per_learner unique (tenant_id, course_id, user_id),
    constraint enrollments_tenant_key unique (tenant_id, id),
    constraint enrollments_course_key unique (tenant_id, course_id, id),
    constraint enrollments_completed_when check ((status = 'COMPLETED') = (completed_at is not null)),
    constraint enrollments_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade,
    constraint enrollments_course foreign key (tenant_id, course_id) references courses (tenant_id, id) on delete cascade
);
create index enrollments_by_user on enrollments (tenant_id, user_id, enrolled_at desc, id);
create index enrollments_by_course on enrollments (tenant_id, course_id, enrolled_at desc, id);
create index enrollments_newest on enrollments (tenant_id, enrolled_at desc, id);
-- Lists of courses count those who take part, and find the caller's own enrollment.
create index enrollments_taking_part on enrollments (tenant_id, course_id) where status in ('ACTIVE', 'COMPLETED');
comment on column enrollments.removed is 'Cancelled by somebody else than the learner: coming back waits for an approval.';
comment on column enrollments.progress is 'Percent of the required, published items that are completed: percent_done.';
select protect_tenant_rows('enrollments');

create table learner_progress (
    id uuid primary key,
    tenant_id uuid not null,
    course_id uuid not null,
    enrollment_id uuid not null,
    content_item_id uuid not null,
    status progress_status not null,
    progress_details jsonb not null default '{}',
    started_at timestamptz,
    completed_at timestamptz,
    updated_at timestamptz not null,
    constraint learner_progress_one_per_item unique (enrollment_id, content_item_id),
    constraint learner_progress_completed_when check ((status = 'COMPLETED') = (completed_at is not null)),
    constraint learner_progress_details_size check (octet_length(progress_details::text) <= 65536),
    constraint learner_progress_enrollment foreign key (tenant_id, course_id, enrollment_id) references enrollments (tenant_id, course_id, id) on delete cascade,
    constraint learner_progress_item foreign key (tenant_id, course_id, content_item_id) references content_items (tenant_id, course_id, id) on delete cascade
);
create index learner_progress_by_enrollment on learner_progress (tenant_id, course_id, enrollment_id);
create index learner_progress_by_item on learner_progress (tenant_id, course_id, content_item_id);
comment on table learner_progress is 'What a learner has done with an item. No row: not started.';
select protect_tenant_rows('learner_progress');

create function percent_done(done bigint, required bigint) returns smallint
    language sql immutable parallel safe
    return case
        when required = 0 then 0
        when done >= required then 100
        else least((200 * done + required) / (2 * required), 99)
    end::smallint;
comment on function percent_done(bigint, bigint) is 'Rounded half up, but 100 only when all is done: others ask for 100 to let somebody in.';
