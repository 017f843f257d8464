drop function audit_changes(regclass, text[]);
-- With the triggers of the tables that are still there.
drop function audit_change() cascade;
drop table audit_log;
drop function audit_shown(jsonb, text[]);
drop function current_request();
drop function current_job();
drop function current_person();
