drop table schedule_runs;
drop table job_schedules;
drop table job_queues;
drop table job_effects;
drop table job_attempts;
drop table jobs;
drop function notify_jobs();
drop type job_state;
