//! The page: as a whole, and what of it changes.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use shared::kinds;

use super::Ops;
use super::view::{Now, thousands};

/// What was drawn a moment ago is good enough for whoever asks now.
const FRESH: Duration = Duration::from_millis(800);

/// A drawing of what changes, and when it was made.
#[derive(Debug)]
pub(super) struct Drawn {
    at: Instant,
    html: String,
}

/// Names that end in `.html` have everything escaped.
static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.add_filter("thousands", thousands);
    for (name, text) in [
        ("page.html", include_str!("../../assets/ops/page.html.j2")),
        ("now.html", include_str!("../../assets/ops/now.html.j2")),
    ] {
        if let Err(error) = pages.add_template(name, text) {
            tracing::error!("The template {name} cannot be read: {error}");
        }
    }
    pages
});

/// The whole page.
pub(super) async fn whole(State(ops): State<Ops>) -> Response {
    let (status, now) = match draw(&ops).await {
        Ok(now) => (StatusCode::OK, now),
        Err(error) => {
            tracing::warn!("The operators' page cannot be drawn: {error:#}");
            (StatusCode::SERVICE_UNAVAILABLE, String::new())
        }
    };
    let mut kinds: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name).collect();
    kinds.sort_unstable();
    let providers: Vec<&str> = kinds::providers().collect();
    let page = PAGES.get_template("page.html").and_then(|page| page.render(context! { now, kinds, providers }));
    match page {
        Ok(page) => (status, Html(page)).into_response(),
        Err(error) => broken(&error.into()),
    }
}

/// What of it changes.
pub(super) async fn now(State(ops): State<Ops>) -> Response {
    match draw(&ops).await {
        Ok(now) => Html(now).into_response(),
        Err(error) => broken(&error),
    }
}

fn broken(error: &anyhow::Error) -> Response {
    tracing::warn!("The operators' page cannot be drawn: {error:#}");
    (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.").into_response()
}

/// One looks, and all who ask meanwhile see the same.
async fn draw(ops: &Ops) -> anyhow::Result<String> {
    let mut drawn = ops.0.drawn.lock().await;
    if let Some(drawn) = drawn.as_ref().filter(|drawn| drawn.at.elapsed() < FRESH) {
        return Ok(drawn.html.clone());
    }
    let view = Now::look(&ops.0.pool, &ops.0.throughput).await?;
    let html = PAGES.get_template("now.html")?.render(Value::from(Serde(view)))?;
    *drawn = Some(Drawn { at: Instant::now(), html: html.clone() });
    Ok(html)
}
