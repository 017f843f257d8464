drop function open_to_platform(regclass);
drop function protect_tenant_rows(regclass);
drop function current_tenant();
