create type thread_status as enum ('ACTIVE', 'LOCKED', 'ARCHIVED');

create table discussion_threads (
    id uuid primary key,
    tenant_id uuid not null,
    course_id uuid not null,
    module_id uuid,
    content_item_id uuid,
    author_id uuid not null,
    title text not null constraint discussion_threads_title_length check (char_length(title) between 1 and 255),
    content text not null,
    status thread_status not null default 'ACTIVE',
    is_pinned boolean not null default false,
    is_announcement boolean not null default false,
    last_activity_at timestamptz not null,
    edited_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint discussion_threads_tenant_key unique (tenant_id, id),
    constraint discussion_threads_course foreign key (tenant_id, course_id) references courses (tenant_id, id) on delete cascade,
    -- Only the place is cleared when it goes: the thread stays with its course.
    constraint discussion_threads_module foreign key (tenant_id, course_id, module_id)
        references modules (tenant_id, course_id, id) on delete set null (module_id),
    constraint discussion_threads_content_item foreign key (tenant_id, course_id, content_item_id)
        references content_items (tenant_id, course_id, id) on delete set null (content_item_id),
    constraint discussion_threads_author foreign key (tenant_id, author_id) references users (tenant_id, id) on delete cascade
);
create index discussion_threads_by_activity on discussion_threads (tenant_id, course_id, is_pinned desc, last_activity_at desc, id);
create index discussion_threads_by_module on discussion_threads (tenant_id, course_id, module_id);
create index discussion_threads_by_content_item on discussion_threads (tenant_id, course_id, content_item_id);
create index discussion_threads_by_author on discussion_threads (tenant_id, author_id, created_at);
comment on table discussion_threads is 'Questions and talk of those who take part in a course.';
comment on column discussion_threads.last_activity_at is 'When somebody last replied, else when it was opened. Editing does not make it new.';
comment on column discussion_threads.deleted_at is 'Seen by nobody any more; kept for the record.';
select protect_tenant_rows('discussion_threads');

create table discussion_replies (
    id uuid primary key,
    tenant_id uuid not null,
    thread_id uuid not null,
    parent_id uuid,
    root_id uuid,
    depth smallint not null constraint discussion_replies_depth check (depth between 0 and 3),
    author_id uuid not null,
    content text not null,
    is_hidden boolean not null default false,
    hidden_reason text not null default '' constraint discussion_replies_hidden_reason_length check (char_length(hidden_reason) <= 255),
    edited_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint discussion_replies_tenant_key unique (tenant_id, id),
    constraint discussion_replies_thread_key unique (tenant_id, thread_id, id),
    constraint discussion_replies_below check ((parent_id is null) = (depth = 0) and (root_id is null) = (depth = 0)),
    constraint discussion_replies_thread foreign key (tenant_id, thread_id) references discussion_threads (tenant_id, id) on delete cascade,
    -- With the thread in the key a reply cannot stand below one of another thread.
    constraint discussion_replies_parent foreign key (tenant_id, thread_id, parent_id)
        references discussion_replies (tenant_id, thread_id, id) on delete cascade,
    constraint discussion_replies_root foreign key (tenant_id, thread_id, root_id)
        references discussion_replies (tenant_id, thread_id, id) on delete cascade,
    constraint discussion_replies_author foreign key (tenant_id, author_id) references users (tenant_id, id) on delete cascade
);
create index discussion_replies_by_thread on discussion_replies (tenant_id, thread_id, created_at, id);
create index discussion_replies_by_parent on discussion_replies (tenant_id, thread_id, parent_id, created_at, id);
create index discussion_replies_by_root on discussion_replies (tenant_id, thread_id, root_id, created_at, id);
create index discussion_replies_by_author on discussion_replies (tenant_id, author_id, created_at);
comment on column discussion_replies.parent_id is 'What it answers; null when that is the thread.';
comment on column discussion_replies.root_id is 'The reply to the thread at the top of its branch; null when it is that itself.';
comment on column discussion_replies.depth is 'How many replies are above it.';
comment on column discussion_replies.deleted_at is 'Its words are shown to nobody; its place is, while there are replies below it.';
select protect_tenant_rows('discussion_replies');

create table discussion_thread_likes (
    tenant_id uuid not null,
    thread_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null,
    primary key (thread_id, user_id),
    constraint discussion_thread_likes_thread foreign key (tenant_id, thread_id) references discussion_threads (tenant_id, id) on delete cascade,
    constraint discussion_thread_likes_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index discussion_thread_likes_by_thread on discussion_thread_likes (tenant_id, thread_id);
create index discussion_thread_likes_by_user on discussion_thread_likes (tenant_id, user_id);
select protect_tenant_rows('discussion_thread_likes');

create table discussion_reply_likes (
    tenant_id uuid not null,
    reply_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null,
    primary key (reply_id, user_id),
    constraint discussion_reply_likes_reply foreign key (tenant_id, reply_id) references discussion_replies (tenant_id, id) on delete cascade,
    constraint discussion_reply_likes_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index discussion_reply_likes_by_reply on discussion_reply_likes (tenant_id, reply_id);
create index discussion_reply_likes_by_user on discussion_reply_likes (tenant_id, user_id);
select protect_tenant_rows('discussion_reply_likes');

create table discussion_bookmarks (
    id uuid primary key,
    tenant_id uuid not null,
    thread_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null,
    constraint discussion_bookmarks_once unique (tenant_id, thread_id, user_id),
    constraint discussion_bookmarks_thread foreign key (tenant_id, thread_id) references discussion_threads (tenant_id, id) on delete cascade,
    constraint discussion_bookmarks_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index discussion_bookmarks_by_user on discussion_bookmarks (tenant_id, user_id, created_at desc, id desc);
select protect_tenant_rows('discussion_bookmarks');

create table discussion_views (
    tenant_id uuid not null,
    thread_id uuid not null,
    user_id uuid not null,
    last_viewed_at timestamptz not null,
    primary key (thread_id, user_id),
    constraint discussion_views_thread foreign key (tenant_id, thread_id) references discussion_threads (tenant_id, id) on delete cascade,
    constraint discussion_views_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index discussion_views_by_thread on discussion_views (tenant_id, thread_id);
create index discussion_views_by_user on discussion_views (tenant_id, user_id);
comment on table discussion_views is 'Who has seen a thread, and when last: how many have is its view count.';
select protect_tenant_rows('discussion_views');

create table discussion_followers (
    tenant_id uuid not null,
    thread_id uuid not null,
    user_id uuid not null,
    is_following boolean not null default true,
    created_at timestamptz not null,
    primary key (thread_id, user_id),
    constraint discussion_followers_thread foreign key (tenant_id, thread_id) references discussion_threads (tenant_id, id) on delete cascade,
    constraint discussion_followers_user foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade
);
create index discussion_followers_by_thread on discussion_followers (tenant_id, thread_id, user_id) where is_following;
create index discussion_followers_by_user on discussion_followers (tenant_id, user_id);
comment on column discussion_followers.is_following is 'Who opens a thread or replies follows it; off for those who do not want to, whatever they write.';
select protect_tenant_rows('discussion_followers');
