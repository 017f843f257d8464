-- When content opens and closes, and which modules come before which.

alter table modules
    add column release_at timestamptz,
    add column release_after_days integer constraint modules_release_after_days_range check (release_after_days between 0 and 3650),
    add column available_until timestamptz,
    add constraint modules_window_not_empty check (available_until > release_at);
comment on column modules.release_after_days is 'Days after the learner began to take part. With release_at, too, the later one counts.';
comment on column modules.available_until is 'From this instant on learners do not see it any more.';

alter table content_items
    add column release_at timestamptz,
    add column release_after_days integer constraint content_items_release_after_days_range check (release_after_days between 0 and 3650),
    add column available_until timestamptz,
    add constraint content_items_window_not_empty check (available_until > release_at);
comment on column content_items.release_after_days is 'Days after the learner began to take part. With release_at, too, the later one counts.';
comment on column content_items.available_until is 'From this instant on learners do not see it any more.';

alter table enrollments add column started_at timestamptz;
update enrollments set started_at = enrolled_at where status <> 'PENDING';
comment on column enrollments.started_at is 'When the learner first took part, which may be later than enrolled_at: relative releases count from here.';

-- Places are without gaps from now on.
update modules m
set position = placed.place
from (select id, row_number() over (partition by course_id order by position, id) as place from modules) placed
where m.id = placed.id and m.position <> placed.place;
update content_items i
set position = placed.place
from (select id, row_number() over (partition by module_id order by position, id) as place from content_items) placed
where i.id = placed.id and i.position <> placed.place;

create table module_prerequisites (
    id uuid primary key,
    tenant_id uuid not null,
    course_id uuid not null,
    module_id uuid not null,
    prerequisite_course_id uuid not null,
    prerequisite_module_id uuid not null,
    prerequisite_type prerequisite_type not null default 'REQUIRED',
    created_at timestamptz not null,
    constraint module_prerequisites_once unique (module_id, prerequisite_module_id),
    constraint module_prerequisites_not_itself check (module_id <> prerequisite_module_id),
    constraint module_prerequisites_module foreign key (tenant_id, course_id, module_id) references modules (tenant_id, course_id, id) on delete cascade,
    constraint module_prerequisites_prerequisite foreign key (tenant_id, prerequisite_course_id, prerequisite_module_id) references modules (tenant_id, course_id, id) on delete cascade
);
create index module_prerequisites_by_module on module_prerequisites (tenant_id, course_id, module_id);
create index module_prerequisites_by_prerequisite on module_prerequisites (tenant_id, prerequisite_course_id, prerequisite_module_id);
comment on table module_prerequisites is 'Modules that come before a module. What is REQUIRED keeps the module shut until it is done.';
comment on column module_prerequisites.prerequisite_course_id is 'The other module''s: the same course, or one that the course asks for.';
select protect_tenant_rows('module_prerequisites');
