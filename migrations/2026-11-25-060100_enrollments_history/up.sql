-- How enrollments came about and changed, and groups that are enrolled as a whole.

create type enrollment_cause as enum ('SELF', 'STAFF', 'GROUP', 'IMPORT', 'UNDO', 'CLOCK', 'COMPLETION');

alter table enrollments
    add column cause enrollment_cause not null default 'SELF',
    add column group_id uuid,
    -- Only the group is cleared when it goes: the tenant stays.
    add constraint enrollments_group foreign key (tenant_id, group_id) references learner_groups (tenant_id, id) on delete set null (group_id);
create index enrollments_by_group on enrollments (tenant_id, group_id, course_id);
create index enrollments_ending on enrollments (tenant_id, expires_at) where status = 'ACTIVE' and expires_at is not null;
comment on column enrollments.cause is 'Why the status is what it is.';
comment on column enrollments.group_id is 'The group that it came with: who leaves that, leaves the course.';

create table enrollment_changes (
    number bigint generated always as identity primary key,
    tenant_id uuid not null,
    enrollment_id uuid not null,
    from_status enrollment_status,
    to_status enrollment_status not null,
    cause enrollment_cause not null,
    changed_by uuid,
    changed_at timestamptz not null,
    constraint enrollment_changes_enrollment foreign key (tenant_id, enrollment_id) references enrollments (tenant_id, id) on delete cascade,
    constraint enrollment_changes_changed_by foreign key (tenant_id, changed_by) references users (tenant_id, id) on delete set null (changed_by)
);
create index enrollment_changes_by_enrollment on enrollment_changes (tenant_id, enrollment_id, number);
create index enrollment_changes_by_changer on enrollment_changes (tenant_id, changed_by);
comment on table enrollment_changes is 'Every status that an enrollment has had. Written by a trigger, so that no way of changing it is forgotten.';
select protect_tenant_rows('enrollment_changes');
revoke update, delete on enrollment_changes from lms_app;

insert into enrollment_changes (tenant_id, enrollment_id, to_status, cause, changed_at)
select tenant_id, id, status, cause, coalesce(completed_at, enrolled_at) from enrollments;

create function remember_enrollment_status() returns trigger
    language plpgsql as $$
begin
    insert into enrollment_changes (tenant_id, enrollment_id, from_status, to_status, cause, changed_by, changed_at)
    values (new.tenant_id, new.id, case when tg_op = 'UPDATE' then old.status end, new.status, new.cause,
        -- A superuser is nobody of the tenant, and the clock is nobody at all.
        (select u.id from users u where u.tenant_id = new.tenant_id and u.id = current_person()),
        new.updated_at);
    return null;
end $$;
create trigger remember_new_enrollment after insert on enrollments
    for each row execute function remember_enrollment_status();
create trigger remember_enrollment_status after update of status on enrollments
    for each row when (old.status is distinct from new.status) execute function remember_enrollment_status();

create table group_enrollments (
    id uuid primary key,
    tenant_id uuid not null,
    group_id uuid not null,
    course_id uuid not null,
    created_at timestamptz not null,
    constraint group_enrollments_once unique (group_id, course_id),
    constraint group_enrollments_group foreign key (tenant_id, group_id) references learner_groups (tenant_id, id) on delete cascade,
    constraint group_enrollments_course foreign key (tenant_id, course_id) references courses (tenant_id, id) on delete cascade
);
create index group_enrollments_by_group on group_enrollments (tenant_id, group_id);
create index group_enrollments_by_course on group_enrollments (tenant_id, course_id);
comment on table group_enrollments is 'Groups that learn a course: whoever is in the group takes part.';
select protect_tenant_rows('group_enrollments');
select audit_changes('group_enrollments');
