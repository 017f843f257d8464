//! The sessions of requests that come at the same time, looked up together.
//!
//! Every request asks the database who is calling, so that a suspension counts at once. When many
//! come at once (an exam begins), most of what that costs is the journeys there and back. Here the
//! first few ask, each for itself; who comes meanwhile waits until one of them is back, and then asks
//! for all who wait. So nobody waits for others to come, and no answer is older than its question.
//!
//! For requests only, which the server goes on with until they end or are dropped. A stream of events
//! rests while its client does not read, and would keep those waiting who wait for it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use shared::db::{Pool, Scope};
use shared::ids::SessionId;
use shared::users::{Session, SignedIn};
use tokio::sync::oneshot;

use crate::http::{ApiError, ApiResult};

/// Statements under way at once in a scope: more than one, so that a connection that hangs does not
/// hold up a whole tenant.
const ASKING: usize = 4;
/// Sessions in one statement at the most.
const LARGEST: usize = 100;

/// Looks up sessions.
#[derive(Debug)]
pub struct SessionLoader {
    pool: Pool,
    queues: Queues,
}

type Queues = Arc<Mutex<HashMap<Scope, Queue>>>;

/// Who asks in a scope, and who waits; the latter only when the former are as many as may be.
#[derive(Debug, Default)]
struct Queue {
    asking: usize,
    waiting: VecDeque<Question>,
}

#[derive(Debug)]
struct Question {
    session: SessionId,
    at: DateTime<Utc>,
    turn: oneshot::Sender<Turn>,
}

/// Where one is who comes to ask.
enum Place {
    First(Right),
    Behind(oneshot::Receiver<Turn>),
}

/// What ends the waiting.
#[derive(Debug)]
enum Turn {
    /// Another has asked for this one, too.
    Answered(ApiResult<Option<SignedIn>>),
    /// It asks itself.
    Asks(Right),
}

impl SessionLoader {
    /// Looks up in `pool`.
    pub fn new(pool: Pool) -> Self {
        Self { pool, queues: Queues::default() }
    }

    /// The person of a session, if the session is alive at `at` and its person may come in.
    ///
    /// # Errors
    /// [`ApiError::Busy`] when the database cannot be had.
    pub async fn load(&self, scope: Scope, session: SessionId, at: DateTime<Utc>) -> ApiResult<Option<SignedIn>> {
        loop {
            let right = match self.line_up(scope, session, at) {
                Place::First(right) => right,
                Place::Behind(turn) => match turn.await {
                    Ok(Turn::Answered(answer)) => return answer,
                    Ok(Turn::Asks(right)) => right,
                    // Whoever was to bring the answer was broken off.
                    Err(_) => continue,
                },
            };
            return right.ask(&self.pool, session, at).await;
        }
    }

    fn line_up(&self, scope: Scope, session: SessionId, at: DateTime<Utc>) -> Place {
        let mut queues = locked(&self.queues);
        let queue = queues.entry(scope).or_default();
        if queue.asking < ASKING {
            queue.asking += 1;
            return Place::First(Right { scope, queues: Arc::clone(&self.queues) });
        }
        let (turn, wait) = oneshot::channel();
        queue.waiting.push_back(Question { session, at, turn });
        Place::Behind(wait)
    }
}

fn locked(queues: &Queues) -> MutexGuard<'_, HashMap<Scope, Queue>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One of the few rights to ask in a scope. Dropped, also by who is broken off while asking, it goes
/// to the next who waits.
#[derive(Debug)]
struct Right {
    scope: Scope,
    queues: Queues,
}

impl Right {
    /// Asks for `session` and for all who wait.
    async fn ask(self, pool: &Pool, session: SessionId, at: DateTime<Utc>) -> ApiResult<Option<SignedIn>> {
        let others = self.take_those_who_wait();
        let sessions: Vec<SessionId> =
            std::iter::once(session).chain(others.iter().map(|other| other.session)).collect();
        let at = others.iter().map(|other| other.at).fold(at, DateTime::max);
        match look_up(pool, self.scope, &sessions, at).await {
            Ok(found) => {
                for Question { session, turn, .. } in others {
                    let _ = turn.send(Turn::Answered(Ok(found.get(&session).cloned())));
                }
                Ok(found.get(&session).cloned())
            }
            Err(error) => {
                for Question { turn, .. } in others {
                    let _ = turn.send(Turn::Answered(Err(alike(&error))));
                }
                Err(error)
            }
        }
    }

    /// They wait no more: whoever takes them answers them.
    fn take_those_who_wait(&self) -> Vec<Question> {
        let mut queues = locked(&self.queues);
        let Some(queue) = queues.get_mut(&self.scope) else { return Vec::new() };
        let many = queue.waiting.len().min(LARGEST - 1);
        queue.waiting.drain(..many).filter(|question| !question.turn.is_closed()).collect()
    }

    /// The next who still waits; none ends the right.
    fn next(&self) -> Option<Question> {
        let mut queues = locked(&self.queues);
        let queue = queues.get_mut(&self.scope)?;
        while let Some(question) = queue.waiting.pop_front() {
            if !question.turn.is_closed() {
                return Some(question);
            }
        }
        queue.asking -= 1;
        if queue.asking == 0 {
            queues.remove(&self.scope);
        }
        None
    }
}

impl Drop for Right {
    fn drop(&mut self) {
        if let Some(next) = self.next() {
            let right = Self { scope: self.scope, queues: Arc::clone(&self.queues) };
            // Who was broken off in this very moment drops the right, which goes on to the one behind.
            let _ = next.turn.send(Turn::Asks(right));
        }
    }
}

async fn look_up(
    pool: &Pool,
    scope: Scope,
    sessions: &[SessionId],
    at: DateTime<Utc>,
) -> ApiResult<HashMap<SessionId, SignedIn>> {
    let mut conn = pool.get(scope).await?;
    let found = Session::signed_in(&mut conn, sessions, at).await?;
    Ok(found.into_iter().map(|signed_in| (signed_in.session, signed_in)).collect())
}

/// The same for another: it was logged once, when it happened.
fn alike(error: &ApiError) -> ApiError {
    match error {
        ApiError::Busy { retry_after_seconds } => ApiError::Busy { retry_after_seconds: *retry_after_seconds },
        other => ApiError::Internal(anyhow::anyhow!("looked up together with another: {other:?}")),
    }
}
