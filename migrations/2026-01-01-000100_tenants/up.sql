create table tenants (
    id uuid primary key,
    name text not null constraint tenants_name_length check (char_length(name) between 1 and 255),
    slug text not null constraint tenants_slug_shape check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 255),
    is_active boolean not null default true,
    theme_config jsonb not null default '{}',
    feature_flags jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint tenants_name_unique unique (name),
    constraint tenants_slug_unique unique (slug)
);
comment on table tenants is 'A school or a company: everything else belongs to one.';
comment on column tenants.theme_config is 'Colours and texts of its own: primary_color, logo_text.';
comment on column tenants.feature_flags is 'What is switched on for it, name to boolean.';
comment on column tenants.version is 'Goes up with each change; its ETag.';

-- A tenant is its own row: the policy compares the id.
alter table tenants enable row level security;
alter table tenants force row level security;
create policy tenant_rows on tenants for all to lms_app
    using (id = (select current_tenant())) with check (id = (select current_tenant()));
create policy owner_rows on tenants for all to lms_owner using (true) with check (true);
grant select, update on tenants to lms_app;
select open_to_platform('tenants');

create table tenant_domains (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    domain text not null constraint tenant_domains_lower_case check (domain = lower(domain) and char_length(domain) between 1 and 253),
    is_primary boolean not null default false,
    created_at timestamptz not null,
    constraint tenant_domains_domain_unique unique (domain)
);
create unique index tenant_domains_one_primary on tenant_domains (tenant_id) where is_primary;
create index tenant_domains_by_tenant on tenant_domains (tenant_id, domain);
comment on table tenant_domains is 'The host names under which a tenant is reached.';
select protect_tenant_rows('tenant_domains');
select open_to_platform('tenant_domains');

create table tenant_settings (
    tenant_id uuid primary key references tenants (id) on delete cascade,
    site_name text not null constraint tenant_settings_site_name_length check (char_length(site_name) between 1 and 100),
    site_description text not null default '',
    default_language text not null default 'en',
    timezone text not null default 'UTC',
    support_email text not null default '',
    terms_url text not null default '',
    privacy_url text not null default '',
    logo_url text not null default '',
    favicon_url text not null default '',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
comment on table tenant_settings is 'General settings of a tenant; a tenant without a row has the defaults.';
comment on column tenant_settings.timezone is 'An IANA zone, checked by the application.';
select protect_tenant_rows('tenant_settings');
