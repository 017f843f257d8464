//! Telling whoever watches that something has changed.
//!
//! A notification names what has changed and says nothing of it: the channel knows no tenants. Who
//! watches reads it anew, in their own tenant, so one that is lost or comes twice does no harm.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures::StreamExt;

use crate::db::{Conn, Error, Pool, PoolError, Scope};
use crate::ids::{JobId, SessionId, UserId};

/// The channel, as the triggers know it.
const CHANNEL: &str = "live";
/// After so long a silence the connection is tried.
const SILENCE: Duration = Duration::from_secs(10);

/// What may be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A job's state and progress.
    Job(JobId),
    /// The end of a session.
    Session(SessionId),
    /// A person's notifications.
    Inbox(UserId),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(id) => write!(f, "job:{id}"),
            Self::Session(id) => write!(f, "session:{id}"),
            Self::Inbox(id) => write!(f, "inbox:{id}"),
        }
    }
}

/// Something that nobody here can watch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that can be watched")]
pub struct UnknownTopic(String);

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownTopic(text.to_owned());
        let (what, id) = text.split_once(':').ok_or_else(unknown)?;
        let id = uuid::Uuid::try_parse(id).map_err(|_| unknown())?;
        match what {
            "job" => Ok(Self::Job(JobId(id))),
            "session" => Ok(Self::Session(SessionId(id))),
            "inbox" => Ok(Self::Inbox(UserId(id))),
            _ => Err(unknown()),
        }
    }
}

/// Tells that `topic` has changed, when the caller's transaction is committed. Jobs and sessions
/// tell by themselves.
///
/// # Errors
/// The database's.
pub async fn tell(conn: &mut Conn, topic: Topic) -> Result<(), Error> {
    diesel::sql_query("select pg_notify($1, $2)")
        .bind::<Text, _>(CHANNEL)
        .bind::<Text, _>(topic.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Nothing is heard any more.
#[derive(Debug, thiserror::Error)]
pub enum EarError {
    /// There was no connection to be had.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The database's.
    #[error(transparent)]
    Database(#[from] Error),
    /// The connection has ended, or does not answer.
    #[error("the connection that listens is gone")]
    Gone,
}

/// A connection that listens. One for a process: its own, because it is held for ever.
pub struct Ear(Conn);

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ear")
    }
}

impl Ear {
    /// Begins to listen. What was told before is not heard.
    ///
    /// # Errors
    /// The database's.
    pub async fn open(pool: &Pool) -> Result<Self, EarError> {
        // Listening needs no table.
        let mut conn = pool.dedicated(Scope::Relay).await?;
        conn.batch_execute(&format!("listen {CHANNEL}")).await?;
        Ok(Self(conn))
    }

    /// The next that has changed. Names that this release does not know are passed over.
    ///
    /// # Errors
    /// Nothing will be heard any more: open another.
    pub async fn next(&mut self) -> Result<Topic, EarError> {
        loop {
            let heard = {
                let mut notifications = std::pin::pin!(self.0.notifications_stream());
                tokio::time::timeout(SILENCE, notifications.next()).await
            };
            match heard {
                Ok(Some(notification)) => {
                    if let Ok(topic) = notification?.payload.parse() {
                        return Ok(topic);
                    }
                }
                Ok(None) => return Err(EarError::Gone),
                // A peer that vanished without a word would be silent for ever.
                Err(_) => tokio::time::timeout(SILENCE, self.0.batch_execute("select 1"))
                    .await
                    .map_err(|_| EarError::Gone)??,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_read_as_it_is_written() {
        for topic in [Topic::Job(JobId::new()), Topic::Session(SessionId::new()), Topic::Inbox(UserId::new())] {
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
        for nothing in ["", "job", "job:", "job:1", "course:0193e0f0-0000-7000-8000-000000000000"] {
            assert!(nothing.parse::<Topic>().is_err(), "{nothing}");
        }
    }
}
