create table certificate_rules (
    course_id uuid primary key,
    tenant_id uuid not null,
    valid_days integer constraint certificate_rules_valid_days check (valid_days between 1 and 36525),
    version integer not null default 1,
    updated_at timestamptz not null,
    constraint certificate_rules_course foreign key (tenant_id, course_id) references courses (tenant_id, id) on delete cascade
);
create index certificate_rules_by_course on certificate_rules (tenant_id, course_id);
comment on table certificate_rules is 'How a course''s certificates are given; a course without a row gives them for ever.';
comment on column certificate_rules.valid_days is 'A certificate expires so many days after the completion; null for never. Those that were issued keep what they were issued with.';
select protect_tenant_rows('certificate_rules');
select audit_changes('certificate_rules');

alter table certificates add column expiry_told_at timestamptz;
create index certificates_to_tell_of on certificates (tenant_id, expires_at) where expires_at is not null and expiry_told_at is null;
comment on column certificates.expiry_told_at is 'When its holder was told that it will expire.';
