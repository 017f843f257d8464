drop table throttles;
drop table idempotency_keys;
