-- Beside the job that sends it, and gone when it was sent: a job's row is kept for days and shown to
-- operators, so that it holds ids only.
create table tenant_email_tests (
    job_id uuid primary key references jobs (id) on delete cascade,
    tenant_id uuid not null references tenants (id) on delete cascade,
    recipient text not null constraint tenant_email_tests_recipient_length check (char_length(recipient) <= 254)
);
create index tenant_email_tests_by_tenant on tenant_email_tests (tenant_id);
comment on table tenant_email_tests is 'To whom the mail goes that tries a tenant''s mail server out, until it was sent.';
comment on column tenant_email_tests.recipient is 'An e-mail address, of anybody.';
select protect_tenant_rows('tenant_email_tests');
