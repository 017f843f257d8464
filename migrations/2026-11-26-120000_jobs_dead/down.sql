drop index jobs_dead;
