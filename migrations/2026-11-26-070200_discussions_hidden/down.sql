drop trigger audit on discussion_threads;
create trigger audit after insert or delete or update of title, content, status, is_pinned, is_announcement, deleted_at on discussion_threads
    for each row execute function audit_change('{id}', '{}');

alter table discussion_threads drop column hidden_reason, drop column is_hidden;
