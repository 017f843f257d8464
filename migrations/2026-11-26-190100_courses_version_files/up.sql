alter table content_versions
    add column knows_file boolean not null default false,
    add column file_id uuid,
    add column filename text,
    -- Only the link is cleared when the file goes: its name stays.
    add constraint content_versions_file foreign key (tenant_id, file_id) references files (tenant_id, id) on delete set null (file_id),
    add constraint content_versions_file_is_known check (knows_file or (file_id is null and filename is null)),
    add constraint content_versions_file_has_name check (file_id is null or filename is not null);
create index content_versions_by_file on content_versions (tenant_id, file_id);
comment on column content_versions.knows_file is 'Whether it was written down which file the item showed; not in versions of before this column.';
comment on column content_versions.file_id is 'The file that the item showed; null when it showed none or the file is gone.';
comment on column content_versions.filename is 'What that file was called; null when the item showed none.';
