-- What a tenant has not said itself is as the platform has it: its people's language and zone, and what is switched on.
grant select on platform_settings to lms_app;
-- A superuser lets somebody into any tenant, from above all of them.
create policy platform_reads on tenant_settings for select to lms_platform using (true);
grant select on tenant_settings to lms_platform;
comment on column platform_settings.feature_flags is 'What is switched on in tenants that say nothing themselves, name to boolean; see Feature.';
comment on column tenants.feature_flags is 'What is switched on for it, name to boolean; see Feature.';
