-- $1 buckets, $2 tokens a second, $3 most tokens, $4 seconds ahead. One token of each; a bucket that
-- has promised all of its tokens of the time ahead gives no row. In the order of the names, so that
-- two who want the same buckets do not wait for each other.
insert into job_buckets as bucket (bucket, tokens, filled_at)
select wanted.name, wanted.burst - 1, clock_timestamp()
from unnest($1::text[], $2::double precision[], $3::double precision[]) as wanted (name, rate, burst)
order by wanted.name
on conflict (bucket) do update
set tokens = least(
        excluded.tokens + 1,
        bucket.tokens + ($2::double precision[])[array_position($1::text[], bucket.bucket)]
            * greatest(0, extract(epoch from clock_timestamp() - bucket.filled_at))::double precision) - 1,
    filled_at = greatest(bucket.filled_at, clock_timestamp())
where least(
        excluded.tokens + 1,
        bucket.tokens + ($2::double precision[])[array_position($1::text[], bucket.bucket)]
            * greatest(0, extract(epoch from clock_timestamp() - bucket.filled_at))::double precision) - 1
    >= -greatest(1, $4 * ($2::double precision[])[array_position($1::text[], bucket.bucket)])
returning greatest(0, -tokens / ($2::double precision[])[array_position($1::text[], bucket.bucket)]) as wait
