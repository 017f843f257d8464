create type device_type as enum ('ANDROID', 'IOS', 'WEB');
create table push_devices (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    device_type device_type not null,
    token text not null constraint push_devices_token_size check (octet_length(token) between 1 and 2048),
    p256dh text,
    auth text,
    device_name text not null default '' constraint push_devices_name_length check (char_length(device_name) <= 255),
    is_active boolean not null default true,
    last_used_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint push_devices_tenant_key unique (tenant_id, id),
    -- Over all tenants: whoever signs in on a device has it from then on.
    constraint push_devices_one_owner unique (token),
    constraint push_devices_keys check ((p256dh is not null) = (device_type = 'WEB') and (auth is not null) = (device_type = 'WEB')),
    constraint push_devices_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index push_devices_by_user on push_devices (tenant_id, user_id, created_at desc, id desc);
comment on table push_devices is 'Where a person''s push messages go.';
comment on column push_devices.token is 'What the device is called by the service that reaches it; of a browser the address of its subscription.';
comment on column push_devices.p256dh is 'A browser''s public key, for whom messages are encrypted (RFC 8291); base64url.';
comment on column push_devices.auth is 'A browser''s part in the secret (RFC 8291); base64url.';
comment on column push_devices.last_used_at is 'When a message was last handed over for it.';
select protect_tenant_rows('push_devices');

create function take_push_device() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- Of two people who register one device at the same time the second waits here, and then sees the first.
    perform pg_advisory_xact_lock(hashtextextended('push_devices:' || new.token, 0));
    delete from push_devices where token = new.token and user_id <> new.user_id;
    return new;
end $$;
comment on function take_push_device() is
    'A device moves to whoever registers it last, also from another tenant, whose rows they neither see nor may delete: hence the owner''s rights.';
create trigger push_devices_taken before insert on push_devices for each row execute function take_push_device();
