//! The inbox: what was received, for a person as pages and for a program as JSON.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::message::Message;
use super::store::Store;

const STYLE: &str = include_str!("inbox.css");

/// No script runs here, neither ours nor a message's, and nothing is fetched from the network
/// but the pictures of the program under development.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
    img-src data: http://localhost:* http://127.0.0.1:*; frame-src 'self'; base-uri 'none'";

pub(super) fn router(store: Arc<Store>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/clear", post(clear_and_list))
        .route("/messages/{number}", get(show))
        .route("/messages/{number}/raw", get(raw))
        .route("/api/messages", get(list_json).delete(clear))
        .route("/api/messages/{number}", get(show_json))
        .with_state(store)
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

impl Filter {
    /// What matches, newest first.
    fn apply(&self, store: &Store) -> Vec<Arc<Message>> {
        let mut messages = store.messages();
        messages.retain(|message| self.to.as_deref().is_none_or(|to| message.is_to(to)));
        messages.reverse();
        messages
    }
}

async fn list_json(State(store): State<Arc<Store>>, Query(filter): Query<Filter>) -> Response {
    Json(filter.apply(&store)).into_response()
}

async fn show_json(State(store): State<Arc<Store>>, Path(number): Path<u64>) -> Response {
    match store.message(number) {
        Some(message) => Json(message).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn clear(State(store): State<Arc<Store>>) -> StatusCode {
    match store.clear().await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(error) => {
            tracing::error!(?error, "the mail was not cleared");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// What the button does: a form cannot send DELETE.
async fn clear_and_list(store: State<Arc<Store>>) -> Response {
    match clear(store).await {
        StatusCode::NO_CONTENT => Redirect::to("/").into_response(),
        failure => failure.into_response(),
    }
}

async fn raw(State(store): State<Arc<Store>>, Path(number): Path<u64>) -> Response {
    let Some(message) = store.message(number) else {
        return no_such_message();
    };
    let headers = [
        (CONTENT_TYPE, "message/rfc822".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{number}.eml\"")),
    ];
    (headers, message.raw.clone()).into_response()
}

async fn list(State(store): State<Arc<Store>>, Query(filter): Query<Filter>) -> Response {
    let messages = filter.apply(&store);
    let mut rows = String::new();
    for message in &messages {
        let _ = write!(
            rows,
            r#"<a class="row" href="/messages/{number}"><span>{to}</span>
            <span class="subject">{subject}</span><time class="soft">{time}</time>
            <span class="snippet soft">{snippet}</span></a>"#,
            number = message.number,
            to = escape(&message.to.join(", ")),
            subject = escape(subject(message)),
            time = message.received_at.format("%H:%M:%S"),
            snippet = escape(&snippet(message)),
        );
    }
    if rows.is_empty() {
        rows.push_str(r#"<p class="empty soft">No mail yet. What the LMS sends appears here.</p>"#);
    }
    let body = format!(
        r#"<header><h1>Inbox</h1><span class="soft">{count}</span>
        <form method="post" action="/clear"><button>Delete all</button></form></header>
        <div class="card">{rows}</div>"#,
        count = messages.len(),
    );
    // Looks again by itself, without a script.
    page("Inbox", r#"<meta http-equiv="refresh" content="5">"#, &body)
}

async fn show(State(store): State<Arc<Store>>, Path(number): Path<u64>) -> Response {
    let Some(message) = store.message(number) else {
        return no_such_message();
    };
    let mut body = format!(
        r#"<header><h1>{subject}</h1><a href="/messages/{number}/raw">.eml</a> <a href="/">Inbox</a></header>
        <div class="card"><dl><dt>From</dt><dd>{from}</dd><dt>To</dt><dd>{to}</dd>
        <dt>Received</dt><dd>{time}</dd></dl></div>"#,
        subject = escape(subject(&message)),
        from = escape(&message.from),
        to = escape(&message.to.join(", ")),
        time = message.received_at.format("%Y-%m-%d %H:%M:%S UTC"),
    );
    if let Some(html) = &message.html {
        // The sandbox takes scripts, forms and our origin from the message; its links may open,
        // in a tab of their own.
        let framed = escape(&format!(r#"<base target="_blank">{html}"#));
        let _ = write!(
            body,
            r#"<div class="card"><iframe title="The message" srcdoc="{framed}"
            sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe></div>"#
        );
    }
    if let Some(text) = &message.text {
        let open = if message.html.is_none() { " open" } else { "" };
        section(&mut body, "Text part", open, text);
    }
    let mut headers = String::new();
    for (name, value) in &message.headers {
        let _ = writeln!(headers, "{name}: {value}");
    }
    section(&mut body, "Headers", "", &headers);
    page(subject(&message), "", &body)
}

fn section(body: &mut String, title: &str, open: &str, text: &str) {
    let text = escape(text);
    let _ = write!(body, r#"<details class="card"{open}><summary>{title}</summary><pre>{text}</pre></details>"#);
}

fn no_such_message() -> Response {
    let body = r#"<header><h1>No such message</h1><a href="/">Inbox</a></header>"#;
    (StatusCode::NOT_FOUND, page("No such message", "", body)).into_response()
}

fn page(title: &str, head: &str, body: &str) -> Response {
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">{head}
        <style>{STYLE}</style></head><body><main>{body}</main></body></html>"#,
        title = escape(title),
    );
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(html)).into_response()
}

fn subject(message: &Message) -> &str {
    if message.subject.is_empty() { "(no subject)" } else { &message.subject }
}

fn snippet(message: &Message) -> String {
    let text = message.text.as_deref().unwrap_or_default();
    let words: Vec<_> = text.split_whitespace().take(24).collect();
    words.join(" ")
}

/// Makes text safe between tags and inside quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}
