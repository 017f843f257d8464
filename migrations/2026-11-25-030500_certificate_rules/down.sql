alter table certificates drop column expiry_told_at;
drop table certificate_rules;
