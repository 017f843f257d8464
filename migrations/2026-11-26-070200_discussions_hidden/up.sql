alter table discussion_threads
    add column is_hidden boolean not null default false,
    add column hidden_reason text not null default '' constraint discussion_threads_hidden_reason_length check (char_length(hidden_reason) <= 255);
comment on column discussion_threads.is_hidden is 'From all but its author and those who run the course, with all replies in it.';

drop trigger audit on discussion_threads;
create trigger audit after insert or delete or update of title, content, status, is_pinned, is_announcement, is_hidden, hidden_reason, deleted_at on discussion_threads
    for each row execute function audit_change('{id}', '{}');
