drop table tenant_settings;
drop table tenant_domains;
drop table tenants;
