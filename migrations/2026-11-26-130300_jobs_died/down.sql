drop index jobs_died;
