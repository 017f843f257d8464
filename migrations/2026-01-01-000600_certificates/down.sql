drop table certificates;
drop type certificate_status;
