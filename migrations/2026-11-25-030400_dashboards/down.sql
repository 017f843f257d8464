drop index users_by_last_login;
drop index users_by_arrival;
drop index learner_progress_latest;
drop table tenant_counts;
