create type course_status as enum ('DRAFT', 'PUBLISHED', 'ARCHIVED');
create type difficulty_level as enum ('beginner', 'intermediate', 'advanced');
create type content_type as enum ('TEXT', 'DOCUMENT', 'IMAGE', 'VIDEO', 'AUDIO', 'URL', 'H5P', 'SCORM', 'QUIZ');
create type prerequisite_type as enum ('REQUIRED', 'RECOMMENDED', 'COREQUISITE');

create table courses (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    title text not null constraint courses_title_length check (char_length(title) between 1 and 255),
    slug text not null constraint courses_slug_shape check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 255),
    description text not null default '',
    category text not null default '' constraint courses_category_length check (char_length(category) <= 100),
    difficulty_level difficulty_level not null default 'beginner',
    estimated_duration integer not null default 1 constraint courses_estimated_duration_positive check (estimated_duration >= 0),
    price_cents bigint not null default 0 constraint courses_price_not_negative check (price_cents >= 0),
    is_free boolean not null default true,
    requires_approval boolean not null default false,
    learning_objectives jsonb not null default '[]',
    tags jsonb not null default '[]',
    thumbnail text,
    instructor_id uuid,
    status course_status not null default 'DRAFT',
    published_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint courses_slug_per_tenant unique (tenant_id, slug),
    constraint courses_tenant_key unique (tenant_id, id),
    -- Only the instructor is cleared when the person goes: the tenant stays.
    constraint courses_instructor foreign key (tenant_id, instructor_id) references users (tenant_id, id) on delete set null (instructor_id)
);
create index courses_by_title on courses (tenant_id, title, id);
create index courses_by_status on courses (tenant_id, status, title, id);
create index courses_by_instructor on courses (tenant_id, instructor_id);
comment on table courses is 'What is taught. A draft, then published, then archived.';
comment on column courses.estimated_duration is 'Hours.';
comment on column courses.price_cents is 'In hundredths; a string with two decimals on the wire.';
comment on column courses.requires_approval is 'Enrolling oneself waits for an instructor.';
select protect_tenant_rows('courses');

create table course_prerequisites (
    id uuid primary key,
    tenant_id uuid not null,
    course_id uuid not null,
    prerequisite_course_id uuid not null,
    prerequisite_type prerequisite_type not null default 'REQUIRED',
    minimum_completion_percentage smallint not null default 100
        constraint course_prerequisites_percentage check (minimum_completion_percentage between 0 and 100),
    created_at timestamptz not null,
    constraint course_prerequisites_once unique (course_id, prerequisite_course_id),
    constraint course_prerequisites_not_itself check (course_id <> prerequisite_course_id),
    constraint course_prerequisites_course foreign key (tenant_id, course_id) references courses (tenant_id, id) on delete cascade,
    constraint course_prerequisites_prerequisite foreign key (tenant_id, prerequisite_course_id) references courses (tenant_id, id) on delete cascade
);
create index course_prerequisites_by_course on course_prerequisites (tenant_id, course_id);
create index course_prerequisites_by_prerequisite on course_prerequisites (tenant_id, prerequisite_course_id);
select protect_tenant_rows('course_prerequisites');

create table modules (
    id uuid primary key,
    tenant_id uuid not null,
    course_id uuid not null,
    title text not null constraint modules_title_length check (char_length(title) between 1 and 255),
    description text not null default '',
    position integer not null constraint modules_position_not_negative check (position >= 0),
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint modules_tenant_key unique (tenant_id, id),
    constraint modules_course_key unique (tenant_id, course_id, id),
    constraint modules_course foreign key (tenant_id, course_id) references courses (tenant_id, id) on delete cascade
);
create index modules_by_course on modules (tenant_id, course_id, position, id);
comment on column modules.position is 'Order within the course; "order" on the wire.';
select protect_tenant_rows('modules');

create table content_items (
    id uuid primary key,
    tenant_id uuid not null,
    course_id uuid not null,
    module_id uuid not null,
    title text not null constraint content_items_title_length check (char_length(title) between 1 and 255),
    content_type content_type not null,
    position integer not null constraint content_items_position_not_negative check (position >= 0),
    text_content text,
    external_url text,
    metadata jsonb not null default '{}',
    is_published boolean not null default false,
    is_required boolean not null default true,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint content_items_tenant_key unique (tenant_id, id),
    constraint content_items_course_key unique (tenant_id, course_id, id),
    constraint content_items_module foreign key (tenant_id, course_id, module_id) references modules (tenant_id, course_id, id) on delete cascade
);
create index content_items_by_module on content_items (tenant_id, course_id, module_id, position, id);
create index content_items_required on content_items (tenant_id, course_id) where is_published and is_required;
comment on column content_items.course_id is 'The module''s course, repeated so that counting a course''s items needs no join; the foreign key keeps them equal.';
comment on column content_items.is_required is 'Counts towards completion while it is published.';
select protect_tenant_rows('content_items');
