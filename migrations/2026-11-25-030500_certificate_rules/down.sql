drop table certificate_rules;
