alter table discussion_threads add column version integer not null default 1;
alter table discussion_replies add column version integer not null default 1;
comment on column discussion_threads.version is 'Goes up with each change; its ETag. What is said and marked in it is none.';
comment on column discussion_replies.version is 'Goes up with each change; its ETag.';
