create type file_status as enum ('PROCESSING', 'AVAILABLE', 'REJECTED');
create type scan_result as enum ('CLEAN', 'SKIPPED', 'INFECTED', 'REFUSED');

create table folders (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    parent_id uuid,
    name text not null constraint folders_name_length check (char_length(name) between 1 and 255),
    visible_to user_role not null,
    writable_by user_role not null,
    created_by uuid,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint folders_not_in_itself check (parent_id <> id),
    constraint folders_tenant_key unique (tenant_id, id),
    -- Two roots of one name would be told apart by nobody, so null counts as a parent.
    constraint folders_name_per_parent unique nulls not distinct (tenant_id, parent_id, name),
    constraint folders_parent foreign key (tenant_id, parent_id) references folders (tenant_id, id),
    constraint folders_creator foreign key (tenant_id, created_by) references users (tenant_id, id) on delete set null (created_by)
);
create index folders_by_name on folders (tenant_id, name, id);
create index folders_by_creator on folders (tenant_id, created_by);
comment on table folders is 'Where files are kept, a tree. A folder is never more open than the one it is in.';
comment on column folders.visible_to is 'The widest role that sees the folder and what is in it: LEARNER is everybody.';
comment on column folders.writable_by is 'The widest role that puts files into it; with a narrower visible_to it is a letter box.';
comment on column folders.created_by is 'Runs the folder beside the administrators.';
select protect_tenant_rows('folders');

create table file_quotas (
    tenant_id uuid primary key references tenants (id) on delete cascade,
    limit_bytes bigint constraint file_quotas_limit_not_negative check (limit_bytes >= 0),
    used_bytes bigint not null default 0 constraint file_quotas_used_not_negative check (used_bytes >= 0)
);
comment on table file_quotas is 'How much a tenant keeps in the object store, and how much it may.';
comment on column file_quotas.limit_bytes is 'The platform''s default when null.';
comment on column file_quotas.used_bytes is 'Contents that are not discarded, and what uploads under way have taken.';
select protect_tenant_rows('file_quotas');

create table file_contents (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    size_bytes bigint not null constraint file_contents_size_positive check (size_bytes > 0),
    media_type text not null,
    sha256 bytea,
    status file_status not null default 'PROCESSING',
    scan_result scan_result,
    scan_details text,
    scanned_at timestamptz,
    width integer,
    height integer,
    thumbnails_at timestamptz,
    discarded_at timestamptz,
    removed_at timestamptz,
    created_at timestamptz not null,
    constraint file_contents_tenant_key unique (tenant_id, id),
    constraint file_contents_judged check ((status = 'PROCESSING') = (scan_result is null))
);
create index file_contents_waiting on file_contents (tenant_id, created_at) where status = 'PROCESSING';
create index file_contents_discarded on file_contents (tenant_id, discarded_at) where removed_at is null;
comment on table file_contents is 'Bytes in the object store, under a key made of the tenant''s id and this one: never changed, scanned once, shared by the versions that have them.';
comment on column file_contents.media_type is 'What the file''s name promises and the scan has found; downloads are served as it.';
comment on column file_contents.sha256 is 'As the client promised it, until the scan has computed it.';
comment on column file_contents.thumbnails_at is 'When smaller pictures of it were stored.';
comment on column file_contents.discarded_at is 'Rejected, or no version has them any more: they count no longer, and leave the store.';
comment on column file_contents.removed_at is 'When they had left the store.';
select protect_tenant_rows('file_contents');

create table files (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    folder_id uuid,
    uploaded_by uuid,
    filename text not null constraint files_filename_length check (char_length(filename) between 1 and 255),
    description text not null default '' constraint files_description_length check (char_length(description) <= 2000),
    content_id uuid not null,
    version_number integer not null default 1,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint files_tenant_key unique (tenant_id, id),
    constraint files_folder foreign key (tenant_id, folder_id) references folders (tenant_id, id),
    constraint files_uploader foreign key (tenant_id, uploaded_by) references users (tenant_id, id) on delete set null (uploaded_by),
    constraint files_content foreign key (tenant_id, content_id) references file_contents (tenant_id, id)
);
create index files_newest on files (tenant_id, created_at desc, id);
create index files_by_folder on files (tenant_id, folder_id, created_at desc, id);
create index files_by_uploader on files (tenant_id, uploaded_by);
create index files_by_content on files (tenant_id, content_id);
comment on table files is 'What people have uploaded. A file in no folder is its uploader''s and the administrators''.';
comment on column files.content_id is 'The current version''s, which is what people get.';
comment on column files.version_number is 'The number of the current version: the newest that the scan let pass, or the first.';
select protect_tenant_rows('files');

create table file_versions (
    id uuid primary key,
    tenant_id uuid not null,
    file_id uuid not null,
    number integer not null constraint file_versions_number_positive check (number > 0),
    content_id uuid not null,
    user_id uuid,
    comment text not null default '' constraint file_versions_comment_length check (char_length(comment) <= 500),
    created_at timestamptz not null,
    constraint file_versions_number_per_file unique (file_id, number),
    constraint file_versions_tenant_key unique (tenant_id, id),
    constraint file_versions_file foreign key (tenant_id, file_id) references files (tenant_id, id) on delete cascade,
    constraint file_versions_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete set null (user_id),
    constraint file_versions_content foreign key (tenant_id, content_id) references file_contents (tenant_id, id)
);
create index file_versions_by_file on file_versions (tenant_id, file_id, number);
create index file_versions_by_user on file_versions (tenant_id, user_id);
create index file_versions_by_content on file_versions (tenant_id, content_id);
comment on table file_versions is 'The contents that a file has had. Restoring one makes a new version of the same content.';
select protect_tenant_rows('file_versions');

create table file_uploads (
    id uuid primary key,
    tenant_id uuid not null references tenants (id) on delete cascade,
    user_id uuid not null,
    filename text not null,
    folder_id uuid,
    file_id uuid,
    comment text not null default '',
    promised_bytes bigint,
    promised_sha256 bytea,
    reserved_bytes bigint not null default 0,
    part_bytes bigint,
    store_upload text,
    is_closing boolean not null default false,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    constraint file_uploads_tenant_key unique (tenant_id, id),
    constraint file_uploads_folder foreign key (tenant_id, folder_id) references folders (tenant_id, id),
    constraint file_uploads_file foreign key (tenant_id, file_id) references files (tenant_id, id)
);
create index file_uploads_by_user on file_uploads (tenant_id, user_id);
create index file_uploads_by_folder on file_uploads (tenant_id, folder_id);
create index file_uploads_by_file on file_uploads (tenant_id, file_id);
create index file_uploads_by_expiry on file_uploads (tenant_id, expires_at);
comment on table file_uploads is 'Contents on their way. The id is that of the content to come.';
comment on column file_uploads.user_id is 'Whose it is; a superuser may be nobody of the tenant.';
comment on column file_uploads.file_id is 'The file that gets a new version; none for a new file.';
comment on column file_uploads.promised_bytes is 'What a client that sends to the store itself has announced.';
comment on column file_uploads.reserved_bytes is 'What it has taken of the tenant''s quota so far.';
comment on column file_uploads.store_upload is 'What the store calls the upload in parts.';
comment on column file_uploads.is_closing is 'It is being given up: nothing can complete it any more.';
select protect_tenant_rows('file_uploads');

create table file_attachments (
    content_item_id uuid primary key,
    tenant_id uuid not null,
    file_id uuid not null,
    constraint file_attachments_item foreign key (tenant_id, content_item_id) references content_items (tenant_id, id) on delete cascade,
    constraint file_attachments_file foreign key (tenant_id, file_id) references files (tenant_id, id)
);
create index file_attachments_by_item on file_attachments (tenant_id, content_item_id);
create index file_attachments_by_file on file_attachments (tenant_id, file_id);
comment on table file_attachments is 'The file of a course''s item: who may open the item may download it, and it is not deleted meanwhile.';
select protect_tenant_rows('file_attachments');
