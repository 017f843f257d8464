alter table content_versions drop column knows_file, drop column file_id, drop column filename;
