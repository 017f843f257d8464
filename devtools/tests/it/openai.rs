use std::time::{Duration, Instant};

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequestArgs};
use devtools::openai::{Fault, OpenAiServer};
use reqwest::Response;
use serde_json::{Value, json};

use crate::ANYWHERE;

async fn server() -> OpenAiServer {
    OpenAiServer::start(ANYWHERE, Some("sk-test")).await.unwrap()
}

async fn post(server: &OpenAiServer, path: &str, body: &Value) -> Response {
    try_post(server, path, body).await.unwrap()
}

async fn try_post(server: &OpenAiServer, path: &str, body: &Value) -> reqwest::Result<Response> {
    let request = reqwest::Client::new().post(format!("{}{path}", server.base_url()));
    request.bearer_auth("sk-test").json(body).send().await
}

async fn chat(server: &OpenAiServer, body: Value) -> Value {
    let mut request = json!({
        "model": "demo-chat",
        "messages": [{ "role": "user", "content": "Explain ownership in Rust" }],
    });
    for (name, value) in body.as_object().unwrap() {
        request[name] = value.clone();
    }
    post(server, "/chat/completions", &request).await.json().await.unwrap()
}

#[tokio::test]
async fn a_client_of_the_service_understands_the_answer() {
    let server = server().await;
    let config = OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("sk-test");
    let message = ChatCompletionRequestUserMessageArgs::default().content("Explain ownership in Rust").build().unwrap();
    let request =
        CreateChatCompletionRequestArgs::default().model("demo-chat").messages([message.into()]).build().unwrap();
    let client = async_openai::Client::with_config(config);

    let first = client.chat().create(request.clone()).await.unwrap();
    let second = client.chat().create(request).await.unwrap();

    let content = first.choices[0].message.content.as_deref().unwrap();
    assert!(content.contains("Explain ownership in Rust"), "{content}");
    assert_eq!(first.choices[0].message.content, second.choices[0].message.content);
    let usage = first.usage.unwrap();
    assert_eq!(usage.prompt_tokens, 7);
    assert_eq!(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
    assert_eq!(server.requests()[0].body["model"], "demo-chat");
}

#[tokio::test]
async fn a_stream_says_the_same_in_pieces() {
    let server = server().await;
    let whole = chat(&server, json!({})).await;
    let body = json!({
        "model": "demo-chat", "stream": true, "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": "Explain ownership in Rust" }],
    });

    let answer = post(&server, "/chat/completions", &body).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = answer.text().await.unwrap();

    let mut events: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(events.pop(), Some("[DONE]"));
    let events: Vec<Value> = events.into_iter().map(|event| serde_json::from_str(event).unwrap()).collect();
    let said: String = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(said, whole["choices"][0]["message"]["content"]);
    assert_eq!(events[events.len() - 2]["choices"][0]["finish_reason"], "stop");
    assert_eq!(events[events.len() - 1]["usage"], whole["usage"]);
}

#[tokio::test]
async fn an_answer_has_the_form_that_was_asked_for() {
    let server = server().await;
    let schema = json!({
        "type": "object",
        "properties": {
            "title": { "type": "string" },
            "level": { "type": "string", "enum": ["easy", "hard"] },
            "options": { "type": "array", "minItems": 3, "items": { "type": "integer" } },
        },
    });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "q", "schema": schema } });
    let answer = chat(&server, json!({ "response_format": format })).await;
    let content = answer["choices"][0]["message"]["content"].as_str().unwrap();
    let content: Value = serde_json::from_str(content).unwrap();
    assert!(content["title"].is_string());
    assert_eq!(content["level"], "easy");
    assert_eq!(content["options"].as_array().unwrap().len(), 3);

    let short = chat(&server, json!({ "max_tokens": 2 })).await;
    assert_eq!(short["choices"][0]["finish_reason"], "length");
    assert_eq!(short["usage"]["completion_tokens"], 2);

    server.answer_next("exactly this");
    let scripted = chat(&server, json!({})).await;
    assert_eq!(scripted["choices"][0]["message"]["content"], "exactly this");
}

#[tokio::test]
async fn embeddings_are_unit_vectors_and_near_for_like_texts() {
    let server = server().await;
    let input = json!({ "model": "demo-embedding", "dimensions": 64,
        "input": ["learn the rust language", "the rust language", "bake a cake"] });
    let answer: Value = post(&server, "/embeddings", &input).await.json().await.unwrap();
    let vectors: Vec<Vec<f64>> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| serde_json::from_value(item["embedding"].clone()).unwrap())
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    assert!((dot(&vectors[0], &vectors[0]) - 1.0).abs() < 1e-5);
    assert!(dot(&vectors[0], &vectors[1]) > 0.8);
    assert!(dot(&vectors[0], &vectors[2]) < 0.5);

    let one = json!({ "model": "demo-embedding", "input": "text", "encoding_format": "base64" });
    let answer: Value = post(&server, "/embeddings", &one).await.json().await.unwrap();
    // 1,536 numbers of four bytes, four characters for three bytes.
    assert_eq!(answer["data"][0]["embedding"].as_str().unwrap().len(), 1536 * 4 / 3 * 4);
}

#[tokio::test]
async fn a_wrong_key_or_body_gets_the_error_that_the_service_gives() {
    let server = server().await;
    let models = format!("{}/models", server.base_url());
    let client = reqwest::Client::new();
    let anonymous = client.get(&models).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    let error: Value = anonymous.json().await.unwrap();
    assert_eq!(error["error"]["code"], "invalid_api_key");
    assert_eq!(client.get(&models).bearer_auth("sk-other").send().await.unwrap().status(), 401);
    assert_eq!(client.get(&models).bearer_auth("sk-test").send().await.unwrap().status(), 200);

    for (path, body, status) in [
        ("/chat/completions", json!({ "model": "demo-chat" }), 400),
        ("/chat/completions", json!({ "model": "demo-chat", "messages": [] }), 400),
        ("/embeddings", json!({ "model": "demo-embedding", "input": [1, 2] }), 400),
        ("/images/generations", json!({}), 404),
    ] {
        let answer = post(&server, path, &body).await;
        assert_eq!(answer.status(), status, "{path} {body}");
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["error"]["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn failures_that_were_asked_for_happen_once() {
    let server = server().await;
    let question = json!({ "model": "m", "messages": [{ "role": "user", "content": "?" }] });
    server.fail_next(1, Fault::RateLimited { retry_after: 7 });
    server.fail_next(1, Fault::ServerError);
    server.fail_next(1, Fault::Slow(Duration::from_millis(200)));

    let limited = post(&server, "/chat/completions", &question).await;
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(post(&server, "/chat/completions", &question).await.status(), 500);
    let asked = Instant::now();
    assert_eq!(post(&server, "/chat/completions", &question).await.status(), 200);
    assert!(asked.elapsed() >= Duration::from_millis(200));
    assert_eq!(post(&server, "/chat/completions", &question).await.status(), 200);
    server.fail_next(1, Fault::HangUp);
    try_post(&server, "/chat/completions", &question).await.unwrap_err();
    assert_eq!(server.requests().len(), 5);
}
