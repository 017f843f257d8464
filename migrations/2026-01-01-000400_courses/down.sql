drop table content_items;
drop table modules;
drop table course_prerequisites;
drop table courses;
drop type prerequisite_type;
drop type content_type;
drop type difficulty_level;
drop type course_status;
