//! Jobs that ask for many others.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{TimeDelta, Utc};
use diesel_async::SimpleAsyncConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::db::Conn;
use shared::ids::{JobId, TenantId};
use shared::jobs::{Job, JobState, Queue, cursor, enqueue, ledger};
use shared::testing::TestDb;
use worker::bulk::{Bulk, Chunk};
use worker::context::Ctx;
use worker::drain::drain;
use worker::registry::{Failure, Registry};

use crate::support::{services, show};

/// Asks for a letter to each of `letters` people.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Announce {
    tenant: TenantId,
    letters: i64,
    /// Fails once when it comes here.
    trap: i64,
}

/// One of the letters. No unique key: if one were asked for twice it would be seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Letter {
    tenant: TenantId,
    to: i64,
}

impl Job for Announce {
    const NAME: &'static str = "test.announce";
    const QUEUE: Queue = Queue::Within1h;

    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl Job for Letter {
    const NAME: &'static str = "test.letter";
    const QUEUE: Queue = Queue::Within1m;

    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

/// The people before whom somebody has stumbled already.
static STUMBLED: AtomicI64 = AtomicI64::new(0);

impl Bulk for Announce {
    type Child = Letter;
    type Cursor = i64;

    async fn chunk(&self, _: &mut Conn, _: &Ctx, after: Option<i64>, size: usize) -> Result<Chunk<Self>, Failure> {
        let first = after.map_or(0, |after| after + 1);
        let last = (first + i64::try_from(size)?).min(self.letters) - 1;
        if self.trap > 0 && first >= self.trap && STUMBLED.swap(self.trap, Ordering::SeqCst) != self.trap {
            return Err(anyhow::anyhow!("stumbled at {first}").into());
        }
        let jobs = (first..=last).map(|to| Letter { tenant: self.tenant, to }).collect();
        let next = (last + 1 < self.letters).then_some(last);
        Ok(Chunk { jobs, next, total: u64::try_from(self.letters).ok() })
    }
}

async fn announced(db: &TestDb, letters: i64, trap: i64) -> (TenantId, JobId) {
    let tenant = TenantId::new();
    let job = Announce { tenant, letters, trap };
    (tenant, enqueue(&mut *db.tenant(tenant).await, &job).await.expect("enqueued").id())
}

fn registry() -> Registry {
    Registry::default().on_bulk::<Announce>()
}

/// To whom letters were asked for; fails when somebody has two.
async fn letters(db: &TestDb) -> BTreeSet<i64> {
    let all = db.texts("select args ->> 'to' as text from jobs where kind = 'test.letter'").await;
    let to: BTreeSet<i64> = all.iter().map(|to| to.parse().expect("a number")).collect();
    assert_eq!(to.len(), all.len(), "somebody has two letters");
    to
}

/// Runs the parents that are due in an hour, and none of the letters.
async fn work(db: &TestDb) -> Vec<(String, &'static str)> {
    let later = Utc::now() + TimeDelta::hours(1);
    let runs = drain(&services(db), registry, later).await.expect("drained");
    runs.into_iter().filter(|(kind, _)| kind == "test.announce").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_gets_one_letter_and_the_parent_tells_how_many() {
    let db = TestDb::lease().await;
    let (_, id) = announced(&db, 2_500, 0).await;
    assert_eq!(work(&db).await, [("test.announce".to_owned(), "succeeded")]);
    assert_eq!(letters(&db).await, (0..2_500).collect());
    let row = show(&db, id).await.0;
    assert_eq!((row.progress, row.result), (Some(100), Some(json!({ "jobs": 2_500 }))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_fails_half_way_goes_on_behind_its_last_chunk() {
    let db = TestDb::lease().await;
    let (tenant, id) = announced(&db, 3_500, 2_000).await;
    assert_eq!(work(&db).await, [("test.announce".to_owned(), "retried")]);
    assert_eq!(letters(&db).await, (0..2_000).collect());
    let at = cursor::find(&mut *db.tenant(tenant).await, id).await.expect("an answer").expect("a cursor");
    assert_eq!((at.cursor, at.children), (Some(json!(1_999)), 2_000));
    assert_eq!(show(&db, id).await.0.progress, Some(57));

    assert_eq!(work(&db).await, [("test.announce".to_owned(), "succeeded")]);
    assert_eq!(letters(&db).await, (0..3_500).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_claim_asks_for_nothing_more() {
    let db = TestDb::lease().await;
    let (tenant, id) = announced(&db, 100, 0).await;
    let ticket = shared::jobs::Ticket { job: id, tenant };
    let lease = std::time::Duration::from_secs(30);
    let mut conn = db.tenant(tenant).await;
    let first = ledger::claim(&mut conn, ticket, "paused", lease).await.expect("an answer").expect("claimed");
    db.owner().await.batch_execute("update jobs set lease_until = now() - interval '1 second'").await.expect("late");
    shared::jobs::relay::sweep(&mut *db.relay().await).await.expect("swept");
    assert!(!cursor::advance(&mut conn, &first, Some(&json!(1)), 1).await.expect("an answer"), "it was not fenced");
    assert_eq!(cursor::find(&mut conn, id).await.expect("an answer"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_waits_while_there_is_no_room_for_its_children() {
    let db = TestDb::lease().await;
    let (_, id) = announced(&db, 10, 0).await;
    db.owner()
        .await
        .batch_execute("update job_queues set is_full = true where queue = 'within_1m'")
        .await
        .expect("full");
    assert_eq!(work(&db).await, [("test.announce".to_owned(), "deferred")]);
    assert_eq!(letters(&db).await, BTreeSet::new());
    let row = show(&db, id).await.0;
    assert_eq!((row.state, row.attempt), (JobState::Available, 0));
    db.owner().await.batch_execute("update job_queues set is_full = false").await.expect("room");
    assert_eq!(work(&db).await, [("test.announce".to_owned(), "succeeded")]);
    assert_eq!(letters(&db).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_without_children_is_done_at_once() {
    let db = TestDb::lease().await;
    let (_, id) = announced(&db, 0, 0).await;
    assert_eq!(work(&db).await, [("test.announce".to_owned(), "succeeded")]);
    assert_eq!(show(&db, id).await.0.result, Some(json!({ "jobs": 0 })));
}
