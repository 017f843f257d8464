//! Old rows go, nobody waits for that, and what is looked through often stays small.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use shared::jobs::retention::prune;
use shared::jobs::{Job, enqueue};
use shared::testing::{TestDb, vacuum};
use worker::jobs::PruneJobs;

use crate::process::until;
use crate::world::World;

async fn do_it(db: &TestDb, statement: &str) {
    db.owner().await.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Jobs that ended so many days ago.
async fn ended(db: &TestDb, jobs: u32, state: &str, days: u32) {
    do_it(
        db,
        &format!(
            "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at)
             select gen_random_uuid(), gen_random_uuid(), 'test.old', 'within_1h', 3, '{{}}', '{state}', now() - interval '{days} days'
             from generate_series(1, {jobs})"
        ),
    )
    .await;
}

async fn left(db: &TestDb) -> BTreeMap<String, u32> {
    let rows = db.texts("select state || ' ' || count(*) as text from jobs group by state").await;
    let pairs = rows.iter().filter_map(|row| row.split_once(' '));
    pairs.map(|(state, count)| (state.to_owned(), count.parse().expect("a number"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_goes_batch_by_batch_and_the_rest_stays() {
    let db = TestDb::lease().await;
    ended(&db, 11_000, "succeeded", 8).await;
    ended(&db, 20, "succeeded", 6).await;
    ended(&db, 30, "cancelled", 8).await;
    ended(&db, 40, "dead", 89).await;
    ended(&db, 50, "dead", 91).await;
    do_it(&db, "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, created_at)
                values (gen_random_uuid(), gen_random_uuid(), 'test.old', 'within_1h', 3, '{}', now() - interval '1 year')")
        .await;
    do_it(
        &db,
        "insert into job_attempts (job_id, tenant_id, attempt, ended_at, outcome)
                select id, tenant_id, 1, finished_at, 'failed' from jobs where state = 'dead'",
    )
    .await;
    let mut relay = db.relay().await;
    assert!(prune(&mut relay).await.expect("pruned"), "there is more");
    let after_one = left(&db).await;
    assert_eq!(after_one["succeeded"] + after_one["cancelled"], 11_050 - 5_000, "a batch is five thousand");
    while prune(&mut relay).await.expect("pruned") {}
    let expected = [("available", 1), ("dead", 40), ("succeeded", 20)].map(|(state, count)| (state.to_owned(), count));
    assert_eq!(left(&db).await, BTreeMap::from(expected));
    assert_eq!(
        db.texts("select count(*)::text as text from job_attempts").await,
        ["40"],
        "histories go with their jobs"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_no_larger_when_the_planner_expects_few_rows() {
    let db = TestDb::lease().await;
    ended(&db, 6_000, "succeeded", 8).await;
    let mut relay = db.relay().await;
    // Leaves it the loops that it chooses when it knows nothing of the table yet.
    for way in ["hashjoin", "mergejoin", "hashagg", "sort", "material", "indexscan", "bitmapscan"] {
        relay.batch_execute(&format!("set enable_{way} = off")).await.expect("set");
    }
    assert!(prune(&mut relay).await.expect("pruned"), "there is more");
    assert_eq!(left(&db).await["succeeded"], 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_are_remembered_while_their_job_may_come_back() {
    let db = TestDb::lease().await;
    do_it(
        &db,
        "insert into jobs (id, tenant_id, kind, queue, max_attempts, args)
         values ('00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'test.old', 'within_1h', 3, '{}');
         insert into jobs (id, tenant_id, kind, queue, max_attempts, args, state, finished_at)
         select ('00000000-0000-0000-0000-00000000000' || n)::uuid, gen_random_uuid(), 'test.old', 'within_1h', 3, '{}',
             state::job_state, now() - interval '1 day'
         from (values (3, 'dead'), (4, 'succeeded'), (5, 'cancelled')) as ended (n, state);
         insert into job_effects (effect_key, tenant_id, job_id, created_at) values
            ('is dead', gen_random_uuid(), '00000000-0000-0000-0000-000000000003', now() - interval '40 days'),
            ('succeeded', gen_random_uuid(), '00000000-0000-0000-0000-000000000004', now() - interval '40 days'),
            ('cancelled', gen_random_uuid(), '00000000-0000-0000-0000-000000000005', now() - interval '40 days'),
            ('waits', gen_random_uuid(), '00000000-0000-0000-0000-000000000001', now() - interval '40 days'),
            ('gone', gen_random_uuid(), '00000000-0000-0000-0000-000000000002', now() - interval '40 days'),
            ('young', gen_random_uuid(), '00000000-0000-0000-0000-000000000002', now() - interval '20 days');
         insert into job_buckets (bucket, tokens, filled_at) values ('full', 1, now() - interval '2 days'), ('used', 1, now())",
    )
    .await;
    prune(&mut *db.relay().await).await.expect("pruned");
    assert_eq!(db.texts("select effect_key as text from job_effects order by 1").await, ["is dead", "waits", "young"]);
    assert_eq!(db.texts("select bucket as text from job_buckets").await, ["used"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_holds_is_not_waited_for() {
    let db = TestDb::lease().await;
    ended(&db, 100, "succeeded", 8).await;
    let mut holder = db.owner().await;
    holder.batch_execute("begin; select from jobs order by id limit 1 for update").await.expect("held");
    let pruned = async { prune(&mut *db.relay().await).await };
    tokio::time::timeout(Duration::from_secs(10), pruned).await.expect("it waits for a lock").expect("pruned");
    assert_eq!(left(&db).await["succeeded"], 1);
    holder.batch_execute("rollback").await.expect("let go");
}

/// Waits for every transaction of the server that has begun before: up to PostgreSQL 15 a page that was
/// emptied is used again only when none of any database is older. Their locks tell also of those that are
/// only connecting.
async fn older_transactions_are_over(db: &TestDb) {
    // Twice: whoever began meanwhile may see as far back as who was waited for.
    for _ in 0..2 {
        let running =
            "select virtualxid as text from pg_locks where locktype = 'virtualxid' and pid <> pg_backend_pid()";
        let running = db.texts(running).await.join(",");
        let left = format!(
            "select virtualxid as text from pg_locks
             where locktype = 'virtualxid' and granted and virtualxid = any ('{{{running}}}')"
        );
        until("older transactions are over", async || db.texts(&left).await.is_empty()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_indexes_of_what_waits_and_runs_do_not_grow_with_what_is_done() {
    const LIFE: [&str; 4] = [
        "insert into jobs (id, tenant_id, kind, queue, max_attempts, args, unique_key)
         select gen_random_uuid(), gen_random_uuid(), 'test.round', 'within_1m', 3, '{}', n::text from generate_series(1, 2000) n",
        "update jobs set state = 'dispatched', dispatched_at = now() where state = 'available'",
        "update jobs set state = 'running', lease_until = now() where state = 'dispatched'",
        "update jobs set state = 'succeeded', finished_at = now() where state = 'running'",
    ];
    let db = TestDb::lease().await;
    let sizes = async || {
        let text = db
            .texts(
                "select indexrelid::regclass || ' ' || pg_relation_size(indexrelid) as text from pg_index
                 where indrelid = 'jobs'::regclass and pg_get_expr(indpred, indrelid) ~ 'available|dispatched|running'
                 order by 1",
            )
            .await;
        let pairs = text.iter().filter_map(|row| row.split_once(' '));
        pairs.map(|(name, size)| (name.to_owned(), size.parse::<u64>().expect("bytes"))).collect::<BTreeMap<_, _>>()
    };
    // As autovacuum does, which is set to come early (`migrations`).
    let round = async || {
        for statement in LIFE {
            do_it(&db, statement).await;
        }
        older_transactions_are_over(&db).await;
        vacuum(&mut db.owner().await, "jobs").await;
    };
    for _ in 0..4 {
        round().await;
    }
    let before = sizes().await;
    for _ in 0..12 {
        round().await;
    }
    let after = sizes().await;
    assert!(before.len() >= 7, "{before:?}");
    for (index, size) in &after {
        assert!(*size <= before[index] * 3 / 2, "{index} grew from {} to {size} bytes in twelve rounds", before[index]);
    }
    assert_eq!(left(&db).await["succeeded"], 32_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_that_deletes_may_delete() {
    let world = World::make().await;
    ended(&world.db, 3, "succeeded", 8).await;
    do_it(
        &world.db,
        "insert into job_buckets (bucket, filled_at, tokens) values ('test', now() - interval '2 days', 0)",
    )
    .await;
    enqueue(&mut *world.db.platform().await, &PruneJobs {}).await.expect("asked");

    let runs = world.work().await;

    assert_eq!(World::outcomes(&runs, PruneJobs::NAME), ["succeeded"]);
    assert_eq!(world.texts("select count(*)::text as text from jobs where kind = 'test.old'").await, ["0"]);
    assert_eq!(world.texts("select count(*)::text as text from job_buckets").await, ["0"]);
}
