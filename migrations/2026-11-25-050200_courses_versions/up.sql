create table content_versions (
    id uuid primary key,
    tenant_id uuid not null,
    course_id uuid not null,
    content_item_id uuid not null,
    number integer not null constraint content_versions_number_from_one check (number >= 1),
    title text not null,
    content_type content_type not null,
    text_content text,
    external_url text,
    metadata jsonb not null,
    comment text not null default '' constraint content_versions_comment_length check (char_length(comment) <= 1000),
    changed_fields jsonb not null default '[]',
    lines_added integer not null default 0,
    lines_removed integer not null default 0,
    restored_from integer,
    author_id uuid,
    created_at timestamptz not null,
    constraint content_versions_number unique (content_item_id, number),
    constraint content_versions_item foreign key (tenant_id, course_id, content_item_id) references content_items (tenant_id, course_id, id) on delete cascade,
    -- Only the author is cleared when the person goes: the tenant stays.
    constraint content_versions_author foreign key (tenant_id, author_id) references users (tenant_id, id) on delete set null (author_id)
);
create index content_versions_by_item on content_versions (tenant_id, course_id, content_item_id, number desc);
create index content_versions_by_author on content_versions (tenant_id, author_id);
comment on table content_versions is 'What an item was after each change of its content. Written once, never changed.';
comment on column content_versions.changed_fields is 'The names of what differs from the version before; empty for the first.';
comment on column content_versions.lines_added is 'Of the text, against the version before.';
comment on column content_versions.restored_from is 'The number of the version that was brought back.';
select protect_tenant_rows('content_versions');

insert into content_versions
    (id, tenant_id, course_id, content_item_id, number, title, content_type, text_content, external_url, metadata, created_at)
select gen_random_uuid(), tenant_id, course_id, id, 1, title, content_type, text_content, external_url, metadata, updated_at
from content_items;
