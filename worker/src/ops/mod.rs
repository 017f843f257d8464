//! The page for operators, on the internal port: what the machine does, and a few levers.
//!
//! It is drawn here, whole, so that it can be read without scripts; a script fetches the same again
//! each second and works the levers. Whoever reaches the port may pull them: that it is internal is
//! the network's business, and that no page from elsewhere pulls them is [`guard`]'s.

mod acts;
mod guard;
mod page;
mod throughput;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{from_fn, map_response};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use shared::db::Pool;
use tokio::sync::Mutex;

use page::Drawn;
use throughput::Throughput;

/// What the page needs.
#[derive(Debug, Clone)]
pub(crate) struct Ops(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// Its own, so that whoever looks takes no connection from who works.
    pool: Pool,
    throughput: Mutex<Throughput>,
    /// What was drawn last: many may look at once.
    drawn: Mutex<Option<Drawn>>,
}

impl Ops {
    pub(crate) fn new(pool: Pool) -> Self {
        Self(Arc::new(Parts { pool, throughput: Mutex::default(), drawn: Mutex::default() }))
    }
}

/// Its addresses.
pub(crate) fn router(pool: Pool) -> Router {
    let asset = |kind: &'static str, text: &'static str| get(async move || ([(CONTENT_TYPE, kind)], text));
    Router::new()
        .route("/", get(async || Redirect::temporary("/ops/")))
        .route("/ops", get(async || Redirect::permanent("/ops/")))
        .route("/ops/", get(page::whole))
        .route("/ops/now", get(page::now))
        .route("/ops/ops.css", asset("text/css; charset=utf-8", include_str!("../../assets/ops/ops.css")))
        .route("/ops/ops.js", asset("text/javascript; charset=utf-8", include_str!("../../assets/ops/ops.js")))
        .route("/ops/queues/{queue}/{verb}", post(acts::queue))
        .route("/ops/jobs/replay", post(acts::replay))
        .route("/ops/jobs/{job}/cancel", post(acts::cancel))
        .route("/ops/schedules/{schedule}/{verb}", post(acts::schedule))
        .route("/ops/limits/{subject}/set", post(acts::set_limit))
        .route("/ops/limits/{subject}/reset", post(acts::reset_limit))
        .layer(from_fn(guard::own_pages_only))
        .layer(map_response(protect))
        .with_state(Ops::new(pool))
}

/// The page loads nothing from elsewhere, and stands in nobody's frame.
async fn protect(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.into_response()
}
