//! A service that speaks OpenAI's protocol and makes its answers up, always the same one for
//! the same question.
//!
//! `content` is what it says, `wire` how it is said. Tests provoke failures with
//! [`OpenAiServer::fail_next`] and read what was asked from [`OpenAiServer::requests`].

mod content;
mod wire;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::locked;
use crate::web::WebServer;

/// A running server, stopped when dropped.
pub struct OpenAiServer {
    web: WebServer,
    state: Arc<State>,
}

/// A request that came with a key that was accepted.
#[derive(Debug, Clone)]
pub struct Request {
    /// Such as `/v1/chat/completions`.
    pub path: String,
    pub body: Value,
}

/// What happens, once, instead of an answer or before it.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// 429, asking to be tried again after so many seconds.
    RateLimited { retry_after: u64 },
    /// 500.
    ServerError,
    /// The right answer, but late.
    Slow(Duration),
    /// A connection that ends without an answer.
    HangUp,
}

#[derive(Default)]
struct State {
    /// The one key that is accepted; without it, any.
    key: Option<String>,
    faults: Mutex<VecDeque<Fault>>,
    scripted: Mutex<VecDeque<String>>,
    requests: Mutex<Vec<Request>>,
}

impl OpenAiServer {
    /// Listens on `listen`, where port 0 means any free one. Only `key` is accepted, or, without
    /// it, any key that is not empty.
    pub async fn start(listen: SocketAddr, key: Option<&str>) -> anyhow::Result<Self> {
        let state = Arc::new(State { key: key.map(str::to_owned), ..State::default() });
        let web = WebServer::start(listen, wire::router(Arc::clone(&state))).await?;
        Ok(Self { web, state })
    }

    /// What clients take as `OPENAI_BASE_URL`, such as `http://127.0.0.1:9000/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.web.address())
    }

    /// What was asked so far, failed requests included.
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.state.requests).clone()
    }

    /// Treats the next `count` requests so.
    pub fn fail_next(&self, count: usize, fault: Fault) {
        locked(&self.state.faults).extend(std::iter::repeat_n(fault, count));
    }

    /// Answers the next chat with exactly `content`; called twice, the one after that too.
    pub fn answer_next(&self, content: impl Into<String>) {
        locked(&self.state.scripted).push_back(content.into());
    }

    /// Stops, and waits for the requests under way, but no longer than `limit`.
    pub async fn stop(self, limit: Duration) {
        self.web.stop(limit).await;
    }
}
