drop index jobs_due;
