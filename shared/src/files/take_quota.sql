-- One statement, so that of two uploads that would fill the store together only one gets the room.
insert into file_quotas as quota (tenant_id, used_bytes)
values ($1, $2)
on conflict (tenant_id) do update set used_bytes = quota.used_bytes + excluded.used_bytes
where quota.used_bytes + excluded.used_bytes <= coalesce(quota.limit_bytes, $3)
