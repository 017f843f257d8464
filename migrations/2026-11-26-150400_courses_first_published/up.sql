alter table content_items add column first_published_at timestamptz;
comment on column content_items.first_published_at is 'When it was published for the first time: learners are told of it once.';
