//! Mail: an SMTP server that accepts everything, keeps it, and shows it.
//!
//! [`MailSink`] is what tests and the `devtools` program start. `smtp` is the conversation with
//! one client, `store` what was received, `inbox` the page that shows it.

mod inbox;
mod message;
mod smtp;
mod store;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::task::{JoinHandle, JoinSet};

pub use self::message::Message;
use self::store::{Fault, Store};
use crate::web;

/// A running SMTP server. Dropping it cuts every conversation.
pub struct MailSink {
    address: SocketAddr,
    store: Arc<Store>,
    listener: JoinHandle<()>,
}

impl MailSink {
    /// Listens on `listen`, where port 0 means any free one.
    ///
    /// With `dir`, a message is on disk before it is acknowledged, as `<number>.eml`, and what
    /// lies there from an earlier run is in the inbox again.
    pub async fn start(listen: SocketAddr, dir: Option<PathBuf>) -> anyhow::Result<Self> {
        let store = Arc::new(Store::open(dir).await?);
        let listener = web::bind(listen).await?;
        let address = listener.local_addr()?;
        let accepting = Arc::clone(&store);
        let listener = tokio::spawn(async move {
            // The set is what ends the conversations when this task is aborted.
            let mut conversations = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            conversations.spawn(smtp::converse(stream, Arc::clone(&accepting)));
                        }
                        Err(error) => tracing::warn!(%error, "cannot accept a connection"),
                    },
                    Some(_) = conversations.join_next() => {}
                }
            }
        });
        Ok(Self { address, store, listener })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything received so far, oldest first.
    pub fn messages(&self) -> Vec<Arc<Message>> {
        self.store.messages()
    }

    /// How often each Message-ID was delivered.
    pub fn deliveries(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for id in self.messages().iter().filter_map(|message| message.message_id.clone()) {
            *counts.entry(id).or_default() += 1;
        }
        counts
    }

    /// Forgets everything received so far, on disk too.
    pub async fn clear(&self) -> anyhow::Result<()> {
        self.store.clear().await
    }

    /// Waits until at least `count` messages are there, and returns all of them.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> anyhow::Result<Vec<Arc<Message>>> {
        self.wait_until(limit, |messages| (messages.len() >= count).then(|| messages.to_vec())).await
    }

    /// Waits until `find` finds what it looks for among the messages, and returns that.
    pub async fn wait_until<T>(
        &self,
        limit: Duration,
        mut find: impl FnMut(&[Arc<Message>]) -> Option<T>,
    ) -> anyhow::Result<T> {
        // Subscribed before the first look, so that no arrival falls between look and wait.
        let mut arrivals = self.store.arrivals();
        let found = tokio::time::timeout(limit, async {
            loop {
                if let Some(found) = find(&self.messages()) {
                    return Some(found);
                }
                arrivals.changed().await.ok()?;
            }
        })
        .await;
        found.ok().flatten().ok_or_else(|| {
            let subjects: Vec<_> = self.messages().iter().map(|message| message.subject.clone()).collect();
            anyhow::anyhow!("not received within {limit:?}; there are {subjects:?}")
        })
    }

    /// Refuses the next `count` messages with `code`, after their data; 421 also hangs up.
    pub fn fail_next(&self, count: usize, code: u16) {
        self.store.provoke(count, Fault::Refuse(code));
    }

    /// Keeps the next `count` messages and hangs up before saying so, which leaves the sender
    /// unable to know whether they were delivered.
    pub fn lose_answers(&self, count: usize) {
        self.store.provoke(count, Fault::LoseAnswer);
    }

    /// Lets each client wait for `pace` before it may hand in a mail, as a busy server does. A client
    /// that dies meanwhile has handed in nothing.
    pub fn take_time(&self, pace: Duration) {
        self.store.set_pace(pace);
    }

    /// The inbox as a page and as JSON; see [`web::WebServer`] for serving it.
    pub fn inbox(&self) -> Router {
        inbox::router(Arc::clone(&self.store))
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        self.listener.abort();
    }
}
