drop table daily_rollups;
drop table events;
