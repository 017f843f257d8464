//! Somebody with a web browser, more or less.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

/// How long the worker may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who speaks HTTP over a socket, signed in or not.
pub(super) struct Learner {
    pub(super) name: String,
    pub(super) base: String,
    pub(super) token: Option<String>,
    pub(super) http: Client,
}

impl Learner {
    /// Sends a request; a body of null is none.
    pub(super) async fn send(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// What stands at an address.
    pub(super) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.send(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{} GET {path}: {answer}", self.name);
        answer
    }

    /// Looks again and again until `find` finds what it looks for.
    pub(super) async fn until<T>(&self, what: &str, path: &str, find: impl Fn(&Value) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let answer = self.get(path).await;
            if let Some(found) = find(&answer) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}: {answer}");
            tokio::time::sleep(Duration::from_millis(100)).await; // between two questions
        }
    }
}
