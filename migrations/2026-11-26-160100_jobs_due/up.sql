-- Whether anything of a queue is due: one look, however many tenants have work for tomorrow.
create index jobs_due on jobs (queue, run_at) where state = 'available';
