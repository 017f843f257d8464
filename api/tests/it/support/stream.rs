//! Server-Sent Events, one by one.

use std::time::Duration;

use axum::body::Body;
use futures::StreamExt;
use serde_json::Value;

/// A stream that is open until it is dropped.
#[derive(Debug)]
pub(crate) struct Stream {
    body: axum::body::BodyDataStream,
    read: String,
}

/// An event, as a browser would see it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl Stream {
    pub(crate) fn of(body: Body) -> Self {
        Self { body: body.into_data_stream(), read: String::new() }
    }

    /// The next event as it was written; none when the stream has ended. Comments and the advice
    /// when to come back are no events.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                if block.lines().any(|line| line.starts_with("data:")) {
                    return Some(block);
                }
            }
            let waited = tokio::time::timeout(Duration::from_secs(30), self.body.next()).await;
            let bytes = waited.expect("an event, or the end, within half a minute")?.expect("a chunk");
            self.read.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
        }
    }

    /// The next event, read.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        let block = self.next().await?;
        let field = |name: &str| {
            let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
        };
        let data = serde_json::from_str(&field("data")).expect("JSON");
        Some(Event { name: field("event"), id: field("id"), data })
    }
}
