alter table lti_platforms
    add column former_public_key text,
    add column former_key_until timestamptz,
    add constraint lti_platforms_former_key_has_an_end check ((former_public_key is null) = (former_key_until is null));
comment on column lti_platforms.former_public_key is 'PEM. The key before the last renewal, so that what it has signed is still believed for a while.';
comment on column lti_platforms.former_key_until is 'Until when the former key is shown.';
