alter table lti_platforms
    drop constraint lti_platforms_former_key_has_an_end,
    drop column former_public_key,
    drop column former_key_until;
