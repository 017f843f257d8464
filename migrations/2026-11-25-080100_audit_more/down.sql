drop trigger audit on discussion_threads;
drop trigger audit on file_quotas;
drop trigger audit on email_templates;
drop trigger audit on announcements;
drop trigger audit on discussion_replies;
drop trigger audit on files;
drop trigger audit on folders;
drop trigger audit on module_prerequisites;
