drop table module_prerequisites;
alter table enrollments drop column started_at;
alter table content_items drop column available_until, drop column release_after_days, drop column release_at;
alter table modules drop column available_until, drop column release_after_days, drop column release_at;
