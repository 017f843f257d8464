create type sso_provider_type as enum ('SAML', 'OAUTH_GOOGLE', 'OAUTH_MICROSOFT', 'OAUTH_GENERIC', 'OIDC');

create table sso_configurations (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    name text not null constraint sso_configurations_name_length check (char_length(name) between 1 and 255),
    provider_type sso_provider_type not null,
    is_active boolean not null default true,
    is_default boolean not null default false,
    idp_entity_id text not null default '',
    idp_sso_url text not null default '',
    idp_slo_url text not null default '',
    idp_x509_cert text not null default '',
    oauth_client_id text not null default '',
    oauth_client_secret_sealed bytea,
    oauth_authorization_url text not null default '',
    oauth_token_url text not null default '',
    oauth_userinfo_url text not null default '',
    oauth_scopes text not null default 'openid email profile',
    attribute_mapping jsonb not null default '{}',
    role_mapping jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint sso_configurations_tenant_key unique (tenant_id, id),
    constraint sso_configurations_name_per_tenant unique (tenant_id, name)
);
create unique index sso_configurations_one_default on sso_configurations (tenant_id) where is_default;
create index sso_configurations_newest on sso_configurations (tenant_id, created_at desc, id);
comment on table sso_configurations is 'Identity providers of a tenant.';
comment on column sso_configurations.oauth_client_secret_sealed is 'Encrypted under SECRET_KEY, for this tenant and column only.';
select protect_tenant_rows('sso_configurations');
select audit_changes('sso_configurations');

create table lti_platforms (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    name text not null constraint lti_platforms_name_length check (char_length(name) between 1 and 255),
    issuer text not null constraint lti_platforms_issuer_length check (char_length(issuer) between 1 and 500),
    client_id text not null constraint lti_platforms_client_length check (char_length(client_id) between 1 and 255),
    auth_login_url text not null default '',
    auth_token_url text not null default '',
    keyset_url text not null default '',
    tool_public_key text not null,
    tool_private_key_sealed bytea not null,
    is_active boolean not null default true,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint lti_platforms_tenant_key unique (tenant_id, id),
    constraint lti_platforms_once unique (tenant_id, issuer, client_id)
);
create index lti_platforms_newest on lti_platforms (tenant_id, created_at desc, id);
comment on table lti_platforms is 'Learning platforms that launch a tenant''s courses by LTI 1.3, each with a key pair of ours.';
comment on column lti_platforms.tool_private_key_sealed is 'PKCS #8, encrypted under SECRET_KEY, for this tenant and column only.';
select protect_tenant_rows('lti_platforms');
select audit_changes('lti_platforms');

create table lti_deployments (
    id uuid primary key,
    tenant_id uuid not null,
    platform_id uuid not null,
    deployment_id text not null constraint lti_deployments_id_length check (char_length(deployment_id) between 1 and 255),
    is_active boolean not null default true,
    created_at timestamptz not null,
    constraint lti_deployments_once unique (platform_id, deployment_id),
    constraint lti_deployments_platform foreign key (tenant_id, platform_id) references lti_platforms (tenant_id, id) on delete cascade
);
create index lti_deployments_by_platform on lti_deployments (tenant_id, platform_id);
comment on table lti_deployments is 'Where in a platform the tool was installed; launches name one of these.';
select protect_tenant_rows('lti_deployments');
select audit_changes('lti_deployments');
