alter table announcements drop column cancelled_because;
drop type announcement_obstacle;
