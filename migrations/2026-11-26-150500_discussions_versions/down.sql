alter table discussion_replies drop column version;
alter table discussion_threads drop column version;
