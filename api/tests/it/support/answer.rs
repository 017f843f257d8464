//! An answer, read whole; of a stream, the first event.

use axum::body::to_bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value;

use super::Stream;

/// An answer: its status, headers and, when it is JSON, its body.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// `Null` when the body is not JSON.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let is_stream = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        // A stream has no end while there is more to come.
        let bytes = if is_stream {
            Stream::of(body).next().await.unwrap_or_default().into_bytes()
        } else {
            to_bytes(body, usize::MAX).await.expect("a body").to_vec()
        };
        Self {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }

    /// The answer, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// A header's text, empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A text of the body, by JSON pointer.
    #[track_caller]
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no text at {pointer} in {}", self.body))
    }

    /// `results` of a list.
    #[track_caller]
    pub(crate) fn results(&self) -> &[Value] {
        self.body["results"].as_array().unwrap_or_else(|| panic!("not a list: {}", self.body))
    }

    /// Whether it is a problem as RFC 9457 has it, with all the members that we promise.
    pub(crate) fn is_problem(&self) -> bool {
        self.header("content-type") == "application/problem+json"
            && ["type", "title", "detail", "code", "request_id"].iter().all(|name| self.body[name].is_string())
            && self.body["status"] == self.status.as_u16()
    }
}
