drop table platform_settings;
drop table tenant_storage_settings;
drop table tenant_email_settings;
