drop table content_versions;
