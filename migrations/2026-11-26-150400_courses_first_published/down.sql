alter table content_items drop column first_published_at;
