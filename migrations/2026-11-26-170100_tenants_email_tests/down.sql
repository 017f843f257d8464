drop table tenant_email_tests;
