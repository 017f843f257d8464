create type announcement_obstacle as enum ('NOBODY_TO_TELL', 'AUTHOR_MAY_NOT');
alter table announcements
    add column cancelled_because announcement_obstacle,
    add constraint announcements_cancelled_why check (cancelled_because is null or status = 'CANCELLED');
comment on column announcements.cancelled_because is 'What stood in its way when its time came; null for what a person gave up.';
