//! Noting that effects outside the database have happened.
//!
//! What dies between the other side's yes and this note is done again, so the road between them is
//! as short as it can be: one connection that waits for nothing else, and one statement for all
//! that have happened while the one before was under way.

use std::time::Duration;

use shared::db::{Conn, Pool, Scope};
use shared::jobs::effects::{self, Happened};
use tokio::sync::{mpsc, oneshot};

use crate::registry::Failure;

/// Effects in one statement.
const BATCH: usize = 256;
/// How often a database that is away is tried: that something has happened must not be forgotten
/// because it is away for a moment.
const TRIES: u32 = 40;
/// Between the tries.
const AGAIN: Duration = Duration::from_millis(250);

/// Notes what has happened. Cheap to clone; ends with the last clone.
#[derive(Debug, Clone)]
pub struct Completions(mpsc::Sender<Note>);

#[derive(Debug)]
struct Note {
    happened: Happened,
    noted: oneshot::Sender<()>,
}

impl Completions {
    /// Starts the task that writes; its connection is opened with the first note.
    pub fn start(pool: Pool) -> Self {
        let (sender, notes) = mpsc::channel(BATCH);
        tokio::spawn(write(pool, notes));
        Self(sender)
    }

    /// Notes that an effect has happened.
    ///
    /// # Errors
    /// The database was away for too long: the effect may be repeated.
    pub(crate) async fn note(&self, happened: Happened) -> Result<(), Failure> {
        let (noted, answer) = oneshot::channel();
        let note = Note { happened, noted };
        let forgotten = || anyhow::anyhow!("an effect has happened and could not be noted");
        self.0.send(note).await.map_err(|_| forgotten())?;
        answer.await.map_err(|_| forgotten())?;
        Ok(())
    }
}

async fn write(pool: Pool, mut notes: mpsc::Receiver<Note>) {
    let mut conn = None;
    let mut batch = Vec::with_capacity(BATCH);
    while notes.recv_many(&mut batch, BATCH).await > 0 {
        let (happened, noted): (Vec<_>, Vec<_>) = batch.drain(..).map(|note| (note.happened, note.noted)).unzip();
        if write_surely(&pool, &mut conn, &happened).await {
            for noted in noted {
                // Whoever asked may be gone; it is noted all the same.
                let _ = noted.send(());
            }
        }
    }
}

/// `false` when the database was away for too long.
async fn write_surely(pool: &Pool, conn: &mut Option<Conn>, happened: &[Happened]) -> bool {
    for tried in 0..TRIES {
        let Err(error) = write_once(pool, conn, happened).await else { return true };
        tracing::warn!("{} effects could not be noted yet: {error:#}", happened.len());
        *conn = None;
        // The connection may only have died of age: a new one is tried at once.
        if tried > 0 {
            tokio::time::sleep(AGAIN).await;
        }
    }
    false
}

async fn write_once(pool: &Pool, conn: &mut Option<Conn>, happened: &[Happened]) -> anyhow::Result<()> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(pool.dedicated(Scope::Relay).await?),
    };
    Ok(effects::complete(conn, happened).await?)
}
