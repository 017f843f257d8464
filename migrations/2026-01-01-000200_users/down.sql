drop table group_memberships;
drop table learner_groups;
drop table one_time_tokens;
drop type one_time_token_purpose;
drop table sessions;
drop table users;
drop type user_status;
drop type user_role;
