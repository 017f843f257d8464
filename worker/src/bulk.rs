//! Jobs that ask for many others: an announcement to everybody, a term's enrolments.
//!
//! The others are asked for in chunks. Each chunk and the cursor behind it are one transaction,
//! fenced by the claim: a worker that dies half-way has asked for whole chunks, and its successor
//! goes on behind the last of them.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::db::Conn;
use shared::jobs::{Job, backlog, cursor, enqueue_many, ledger};

use crate::context::Ctx;
use crate::registry::{Failure, Outcome};

/// Jobs in one chunk, and so in one transaction.
pub const CHUNK: usize = 1_000;
/// How long it waits when there is no room for its children.
const NO_ROOM: Duration = Duration::from_secs(30);

/// A job that does nothing but ask for others, each exactly once.
pub trait Bulk: Job {
    /// What it asks for.
    type Child: Job;
    /// What it remembers of the last one: an id, by which it also sorts.
    type Cursor: Serialize + DeserializeOwned + Send;

    /// The next children behind `after`, `size` at most, in the order of the cursor. `conn` is in
    /// the job's scope and in a transaction.
    fn chunk(
        &self,
        conn: &mut Conn,
        ctx: &Ctx,
        after: Option<Self::Cursor>,
        size: usize,
    ) -> impl Future<Output = Result<Chunk<Self>, Failure>> + Send;
}

/// Some of the children.
pub struct Chunk<B: Bulk> {
    /// They.
    pub jobs: Vec<B::Child>,
    /// Behind which the next chunk begins; none when this was the last.
    pub next: Option<B::Cursor>,
    /// How many children there are in all, if that is known: for the progress.
    pub total: Option<u64>,
}

impl<B: Bulk> fmt::Debug for Chunk<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk").field("jobs", &self.jobs.len()).field("total", &self.total).finish_non_exhaustive()
    }
}

/// Asks for all children, chunk by chunk. At least once as a function, exactly once in its effect:
/// every chunk is committed with its cursor, and only under the claim.
pub(crate) async fn run<B: Bulk>(ctx: Ctx, job: B) -> Outcome {
    let begun = Instant::now();
    loop {
        if ctx.is_cancelled() {
            // It is broken off in a moment; what was asked for stays.
            std::future::pending::<()>().await;
        }
        if begun.elapsed() > B::TIMEOUT / 2 {
            // Long lists are no failure: go on in another turn, behind the others.
            return Err(Failure::Snooze(Duration::ZERO));
        }
        let mut conn = ctx.conn().await?;
        if backlog::is_full(&mut conn, ctx.tenant(), B::Child::NAME, B::Child::QUEUE).await? {
            return Err(Failure::Snooze(NO_ROOM));
        }
        ledger::begin(&mut conn).await?;
        match step(&mut conn, &ctx, &job).await {
            Ok(step) => {
                ledger::commit(&mut conn).await?;
                drop(conn);
                if let Some(percent) = step.percent() {
                    ctx.progress(percent, None).await?;
                }
                if step.is_last {
                    ctx.set_result(serde_json::json!({ "jobs": step.children }));
                    return Ok(());
                }
            }
            Err(failure) => {
                // What could not be rolled back is not committed either.
                let _ = ledger::roll_back(&mut conn).await;
                return Err(failure);
            }
        }
    }
}

/// What a chunk has come to.
struct Step {
    children: u64,
    total: Option<u64>,
    is_last: bool,
}

impl Step {
    fn percent(&self) -> Option<u8> {
        let total = self.total.filter(|total| *total > 0)?;
        u8::try_from((self.children.min(total)).saturating_mul(100) / total).ok()
    }
}

async fn step<B: Bulk>(conn: &mut Conn, ctx: &Ctx, job: &B) -> Result<Step, Failure> {
    let before = cursor::find(conn, ctx.job()).await?;
    let children = before.as_ref().map_or(0, |before| u64::try_from(before.children).unwrap_or_default());
    let after = match before {
        Some(before) => match before.cursor {
            Some(after) => Some(decode::<B>(after)?),
            None => return Ok(Step { children, total: None, is_last: true }),
        },
        None => None,
    };
    let chunk = job.chunk(conn, ctx, after, CHUNK).await?;
    let asked = enqueue_many(conn, &chunk.jobs).await?;
    let next = chunk.next.as_ref().map(serde_json::to_value).transpose()?;
    if !cursor::advance(conn, ctx.claim(), next.as_ref(), asked).await? {
        return Err(Failure::Lost);
    }
    Ok(Step {
        children: children.saturating_add(u64::try_from(asked).unwrap_or_default()),
        total: chunk.total,
        is_last: next.is_none(),
    })
}

fn decode<B: Bulk>(after: serde_json::Value) -> Result<B::Cursor, Failure> {
    serde_json::from_value(after).map_err(|error| Failure::Undecodable(format!("the cursor of {}: {error}", B::NAME)))
}
