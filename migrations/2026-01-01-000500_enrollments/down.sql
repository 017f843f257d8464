drop function percent_done(bigint, bigint);
drop table learner_progress;
drop table enrollments;
drop type progress_status;
drop type enrollment_status;
