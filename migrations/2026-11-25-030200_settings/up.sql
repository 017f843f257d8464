create table tenant_email_settings (
    tenant_id uuid primary key references tenants (id) on delete cascade,
    is_enabled boolean not null default false,
    smtp_host text not null default '' constraint tenant_email_settings_host_length check (char_length(smtp_host) <= 255),
    smtp_port integer not null default 587 constraint tenant_email_settings_port check (smtp_port between 1 and 65535),
    smtp_username text not null default '' constraint tenant_email_settings_username_length check (char_length(smtp_username) <= 255),
    smtp_password_sealed bytea,
    smtp_use_tls boolean not null default true,
    smtp_use_ssl boolean not null default false,
    default_from_email text not null default '',
    default_from_name text not null default '',
    email_timeout integer not null default 15 constraint tenant_email_settings_timeout check (email_timeout between 1 and 15),
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint tenant_email_settings_one_security check (not (smtp_use_tls and smtp_use_ssl)),
    constraint tenant_email_settings_complete check (not is_enabled or (smtp_host <> '' and default_from_email <> ''))
);
comment on table tenant_email_settings is 'A tenant''s own mail server, by which its mails go while it is switched on.';
comment on column tenant_email_settings.smtp_password_sealed is 'Encrypted under SECRET_KEY, for this tenant and column only.';
comment on column tenant_email_settings.smtp_use_tls is 'STARTTLS, demanded.';
comment on column tenant_email_settings.smtp_use_ssl is 'TLS from the first byte.';
comment on column tenant_email_settings.email_timeout is 'Seconds; less than any job that sends mail may take.';
select protect_tenant_rows('tenant_email_settings');
select audit_changes('tenant_email_settings');

create table tenant_storage_settings (
    tenant_id uuid primary key references tenants (id) on delete cascade,
    s3_bucket_name text not null default '' constraint tenant_storage_settings_bucket_length check (char_length(s3_bucket_name) <= 255),
    s3_region text not null default 'us-east-1',
    s3_endpoint_url text not null default '',
    s3_access_key_id text not null default '' constraint tenant_storage_settings_key_length check (char_length(s3_access_key_id) <= 255),
    s3_secret_access_key_sealed bytea,
    max_file_size_mb integer constraint tenant_storage_settings_size check (max_file_size_mb between 1 and 10240),
    allowed_extensions text not null default '',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
comment on table tenant_storage_settings is 'What a tenant allows to be uploaded, and a bucket of its own.';
comment on column tenant_storage_settings.s3_secret_access_key_sealed is 'Encrypted under SECRET_KEY, for this tenant and column only.';
comment on column tenant_storage_settings.max_file_size_mb is 'In MiB; null for what the platform takes, which is never exceeded.';
comment on column tenant_storage_settings.allowed_extensions is 'With commas, in lower case, without dots; empty for all that the platform takes.';
select protect_tenant_rows('tenant_storage_settings');
select audit_changes('tenant_storage_settings');

create table platform_settings (
    is_only boolean primary key default true constraint platform_settings_one_row check (is_only),
    site_name text not null default 'LMS Platform' constraint platform_settings_site_name_length check (char_length(site_name) between 1 and 100),
    site_description text not null default '',
    default_language text not null default 'en',
    timezone text not null default 'UTC',
    support_email text not null default '',
    terms_url text not null default '',
    privacy_url text not null default '',
    logo_url text not null default '',
    favicon_url text not null default '',
    feature_flags jsonb not null default '{}',
    version integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table platform_settings is 'General settings of the platform itself, for the pages that belong to no tenant.';
insert into platform_settings default values;
grant select, update on platform_settings to lms_platform;
select audit_changes('platform_settings');
