//! How it is said: routes, bodies, streams and errors in OpenAI's shapes.

#![expect(clippy::indexing_slicing, reason = "a missing member of a JSON value reads as null")]

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use futures::stream;
use serde_json::{Value, json};

use super::{Fault, content};
use crate::locked;

type Shared = Arc<super::State>;

/// Larger than any prompt that we send.
const MAX_BODY: usize = 8 * 1024 * 1024;
const MODELS: [&str; 2] = ["demo-chat", "demo-embedding"];

pub(super) fn router(state: Shared) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings))
        .fallback(async || {
            failure(StatusCode::NOT_FOUND, "invalid_request_error", "unknown_url", "Unknown request URL")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&state), admit))
        .with_state(state)
}

/// Checks the key, records the request and carries out the next fault.
async fn admit(State(state): State<Shared>, request: Request, next: Next) -> Response {
    if !is_authorized(&state, request.headers()) {
        let message = "Incorrect API key provided";
        return failure(StatusCode::UNAUTHORIZED, "invalid_request_error", "invalid_api_key", message);
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return bad_request("The body could not be read");
    };
    locked(&state.requests).push(super::Request {
        path: parts.uri.path().to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });

    let fault = locked(&state.faults).pop_front();
    match fault {
        Some(Fault::RateLimited { retry_after }) => {
            let message = "Rate limit reached";
            let answer = failure(StatusCode::TOO_MANY_REQUESTS, "requests", "rate_limit_exceeded", message);
            return ([(RETRY_AFTER, retry_after.to_string())], answer).into_response();
        }
        Some(Fault::ServerError) => {
            let message = "The server had an error while processing your request";
            return failure(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "server_error", message);
        }
        Some(Fault::HangUp) => return hang_up(),
        Some(Fault::Slow(delay)) => tokio::time::sleep(delay).await,
        None => {}
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn is_authorized(state: &super::State, headers: &HeaderMap) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match (given, &state.key) {
        (Some(given), Some(key)) => given == key,
        (Some(given), None) => !given.is_empty(),
        (None, _) => false,
    }
}

/// A body that fails at once takes the connection with it.
fn hang_up() -> Response {
    Body::from_stream(stream::iter([Err::<Bytes, _>("hung up, as asked")])).into_response()
}

async fn models() -> Response {
    let models: Vec<_> =
        MODELS.iter().map(|id| json!({ "id": id, "object": "model", "created": 0, "owned_by": "devtools" })).collect();
    Json(json!({ "object": "list", "data": models })).into_response()
}

async fn chat(State(state): State<Shared>, body: Bytes) -> Response {
    let request: Value = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(_) => return bad_request("We could not parse the JSON body of your request"),
    };
    let (Some(model), Some(messages)) = (request["model"].as_str(), request["messages"].as_array()) else {
        return bad_request("You must provide a model and messages");
    };
    let Some(question) = messages.last().map(text_of) else {
        return bad_request("messages must not be empty");
    };
    let scripted = locked(&state.scripted).pop_front();
    let answer = scripted.unwrap_or_else(|| content::answer(&question, &request["response_format"]));
    let (answer, finish_reason) = cut(answer, &request);

    let prompt: usize = messages.iter().map(|message| content::tokens(&text_of(message))).sum();
    let usage = usage(prompt, content::tokens(&answer));
    let envelope = json!({
        "id": format!("chatcmpl-{:016x}", content::fingerprint(&question)),
        "created": Utc::now().timestamp(),
        "model": model,
    });
    if request["stream"] == true {
        let with_usage = request["stream_options"]["include_usage"] == true;
        return streamed(&envelope, &answer, finish_reason, with_usage.then_some(usage));
    }
    let choice = json!({
        "index": 0,
        "message": { "role": "assistant", "content": answer, "refusal": null },
        "logprobs": null,
        "finish_reason": finish_reason,
    });
    let rest = json!({ "object": "chat.completion", "choices": [choice], "usage": usage });
    Json(merged(&envelope, &rest)).into_response()
}

/// The text of a message, whose content is a string or a list of parts.
fn text_of(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<_> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

/// Keeps to the limit of tokens that the request sets.
fn cut(answer: String, request: &Value) -> (String, &'static str) {
    let limit = request["max_completion_tokens"].as_u64().or(request["max_tokens"].as_u64());
    match limit.and_then(|limit| usize::try_from(limit).ok()) {
        Some(limit) if content::tokens(&answer) > limit => {
            (answer.chars().take(limit.saturating_mul(4)).collect(), "length")
        }
        _ => (answer, "stop"),
    }
}

/// A word an event, then the reason of the end, then the usage if asked for, then `[DONE]`.
fn streamed(envelope: &Value, answer: &str, finish_reason: &str, usage: Option<Value>) -> Response {
    let choice = |delta: Value, finish_reason: Option<&str>| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish_reason });
        json!({ "choices": [choice] })
    };
    let start = json!({ "role": "assistant", "content": "" });
    let mut chunks = vec![choice(start, None)];
    let words = answer.split_inclusive(' ');
    chunks.extend(words.map(|word| choice(json!({ "content": word }), None)));
    chunks.push(choice(json!({}), Some(finish_reason)));
    chunks.extend(usage.map(|usage| json!({ "choices": [], "usage": usage })));

    let mut envelope = envelope.clone();
    envelope["object"] = json!("chat.completion.chunk");
    let mut events: Vec<_> =
        chunks.iter().map(|chunk| Event::default().data(merged(&envelope, chunk).to_string())).collect();
    events.push(Event::default().data("[DONE]"));
    Sse::new(stream::iter(events.into_iter().map(Ok::<_, Infallible>))).into_response()
}

async fn embeddings(body: Bytes) -> Response {
    let request: Value = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(_) => return bad_request("We could not parse the JSON body of your request"),
    };
    let Some(model) = request["model"].as_str() else {
        return bad_request("You must provide a model");
    };
    let texts: Option<Vec<&str>> = match &request["input"] {
        Value::String(text) => Some(vec![text]),
        Value::Array(texts) => texts.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
        return bad_request("input must be a text or texts");
    };
    let dimensions = request["dimensions"].as_u64().unwrap_or(1536);
    let Some(dimensions) = usize::try_from(dimensions).ok().filter(|n| (1..=4096).contains(n)) else {
        return bad_request("dimensions must be from 1 to 4096");
    };
    let as_base64 = request["encoding_format"] == "base64";
    let data: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let vector = content::embedding(text, dimensions);
            let embedding = if as_base64 {
                let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
                json!(BASE64_STANDARD.encode(bytes))
            } else {
                json!(vector)
            };
            json!({ "object": "embedding", "index": index, "embedding": embedding })
        })
        .collect();
    let tokens: usize = texts.iter().map(|text| content::tokens(text)).sum();
    let usage = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
    Json(json!({ "object": "list", "data": data, "model": model, "usage": usage })).into_response()
}

fn usage(prompt: usize, completion: usize) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    })
}

fn merged(envelope: &Value, rest: &Value) -> Value {
    let members = [envelope, rest].into_iter();
    members.filter_map(|value| value.as_object().cloned()).flatten().collect()
}

fn bad_request(message: &str) -> Response {
    failure(StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_request", message)
}

fn failure(status: StatusCode, kind: &str, code: &str, message: &str) -> Response {
    let error = json!({ "message": message, "type": kind, "param": null, "code": code });
    (status, Json(json!({ "error": error }))).into_response()
}
