select audit_changes('module_prerequisites'), audit_changes('folders'), audit_changes('files'),
    audit_changes('discussion_replies'), audit_changes('announcements'), audit_changes('email_templates');

-- Of these a part moves by itself: what was used, when somebody last wrote.
create trigger audit after insert or delete or update of limit_bytes on file_quotas
    for each row execute function audit_change('{tenant_id}', '{}');
create trigger audit after insert or delete or update of title, content, status, is_pinned, is_announcement, deleted_at on discussion_threads
    for each row execute function audit_change('{id}', '{}');
