//! Limits of time, and what happens when a handler panics.

use std::any::Any;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::Problem;

/// Bodies, unless an address says otherwise.
pub const BODY_BYTES: usize = 1024 * 1024;
/// A request that takes longer is broken off.
pub const LONGEST: Duration = Duration::from_secs(30);
/// What was too slow is not asked for again at once: it adds to what makes it slow.
const COME_BACK_SECONDS: u64 = 5;

/// Forms with a file take as long as they take: they are broken off when nothing comes for a while.
const STREAMED: [&str; 2] = ["/api/files/", "/api/files/{file}/versions/"];

/// Breaks off what takes longer than `longest`.
pub async fn time(State(longest): State<Duration>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if request.method() == Method::POST && STREAMED.contains(&path) {
        return next.run(request).await;
    }
    tokio::time::timeout(longest, next.run(request)).await.unwrap_or_else(|_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "This took too long and was broken off.")
            .to_be_tried_again(COME_BACK_SECONDS)
    })
}

/// The answer after a panic. What it said is in the log, not in the answer.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = said, "A handler panicked");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
