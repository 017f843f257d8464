comment on column tenants.feature_flags is 'What is switched on for it, name to boolean.';
comment on column platform_settings.feature_flags is null;
revoke select on tenant_settings from lms_platform;
drop policy platform_reads on tenant_settings;
revoke select on platform_settings from lms_app;
