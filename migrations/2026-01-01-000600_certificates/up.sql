create type certificate_status as enum ('PENDING', 'ISSUED', 'REVOKED');

create table certificates (
    id uuid primary key,
    tenant_id uuid not null,
    enrollment_id uuid not null,
    user_id uuid not null,
    course_id uuid not null,
    status certificate_status not null,
    learner_name text not null,
    course_title text not null,
    instructor_name text,
    description text not null default '',
    verification_code uuid not null,
    issued_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    revoked_because text,
    file_key text,
    file_size_bytes bigint,
    rendered_at timestamptz,
    updated_at timestamptz not null,
    constraint certificates_one_per_enrollment unique (enrollment_id),
    constraint certificates_code_unique unique (verification_code),
    constraint certificates_tenant_key unique (tenant_id, id),
    constraint certificates_enrollment foreign key (tenant_id, course_id, enrollment_id) references enrollments (tenant_id, course_id, id) on delete cascade,
    constraint certificates_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index certificates_by_user on certificates (tenant_id, user_id, issued_at desc, id);
create index certificates_by_enrollment on certificates (tenant_id, course_id, enrollment_id);
create index certificates_newest on certificates (tenant_id, issued_at desc, id);
comment on table certificates is 'Proof of a completed course. Names are frozen at issue: renaming a course does not change what was earned.';
comment on column certificates.status is 'PENDING until the PDF is stored.';
comment on column certificates.verification_code is 'Printed on the page; whoever knows it may verify it without signing in.';
comment on column certificates.file_key is 'The object''s key in the store; links are signed when asked for.';
select protect_tenant_rows('certificates');
select open_to_platform('certificates');
