-- Enrollments by file: what was sent, what became of each row, and how it is taken back.

create type import_state as enum ('WAITING', 'DONE', 'UNDOING', 'UNDONE');
create type import_outcome as enum ('ENROLLED', 'REACTIVATED', 'ALREADY', 'DUPLICATE', 'UNKNOWN_PERSON', 'INVALID', 'NOT_OPEN');
create type import_undo as enum ('RESTORED', 'CANCELLED', 'KEPT');

create table enrollment_imports (
    id uuid primary key,
    tenant_id uuid not null,
    course_id uuid not null,
    is_dry_run boolean not null,
    state import_state not null default 'WAITING',
    source text not null constraint enrollment_imports_source_size check (octet_length(source) <= 8388608),
    rows_total integer not null,
    rows_done integer not null default 0,
    author_id uuid,
    created_at timestamptz not null,
    finished_at timestamptz,
    constraint enrollment_imports_tenant_key unique (tenant_id, id),
    constraint enrollment_imports_course foreign key (tenant_id, course_id) references courses (tenant_id, id) on delete cascade,
    -- Only the author is cleared when the person goes: the tenant stays.
    constraint enrollment_imports_author foreign key (tenant_id, author_id) references users (tenant_id, id) on delete set null (author_id)
);
create index enrollment_imports_by_course on enrollment_imports (tenant_id, course_id, created_at desc, id);
create index enrollment_imports_by_author on enrollment_imports (tenant_id, author_id);
comment on column enrollment_imports.source is 'The file as it came.';
comment on column enrollment_imports.rows_done is 'So many rows have an outcome.';
select protect_tenant_rows('enrollment_imports');
-- How far it is moves by itself, and the file is long.
create trigger audit after insert or delete or update of state on enrollment_imports
    for each row execute function audit_change('{id}', '{source}');

create table enrollment_import_rows (
    tenant_id uuid not null,
    import_id uuid not null,
    row_number integer not null,
    email text not null,
    outcome import_outcome not null,
    enrollment_id uuid,
    before jsonb,
    change_number bigint,
    undo import_undo,
    primary key (import_id, row_number),
    constraint enrollment_import_rows_import foreign key (tenant_id, import_id) references enrollment_imports (tenant_id, id) on delete cascade
);
create index enrollment_import_rows_by_import on enrollment_import_rows (tenant_id, import_id, row_number);
create index enrollment_import_rows_by_email on enrollment_import_rows (import_id, email);
comment on column enrollment_import_rows.enrollment_id is 'No reference: the row tells of it also after it was taken back.';
comment on column enrollment_import_rows.before is 'What the enrollment was, if there was one: status, cause, expires_at, removed, group_id, started_at.';
comment on column enrollment_import_rows.change_number is 'The change of status that it made. Who has made a later one keeps it.';
comment on column enrollment_import_rows.undo is 'What became of it when the file was taken back.';
select protect_tenant_rows('enrollment_import_rows');
