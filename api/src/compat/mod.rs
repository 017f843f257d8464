//! The existing web client's dialect: its paths are rewritten to the canonical ones before they are
//! routed, so that no handler knows of it.

use axum::extract::Request;

/// Rewrites the client's own paths. None are needed by the pages that are served so far.
pub fn rewrite(request: Request) -> Request {
    request
}
