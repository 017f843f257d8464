alter table certificates add column renewed_at timestamptz;
comment on column certificates.renewed_at is 'Since when its present term runs, if not since it was issued.';
