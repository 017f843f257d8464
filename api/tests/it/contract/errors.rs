//! Every error has one shape.

use std::time::Duration;

use api::app::surrounded;
use axum::Router;
use axum::http::Method;
use axum::routing::get;
use serde_json::json;

use crate::support::{Client, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_is_told_as_a_problem() {
    let app = TestApp::start().await;
    let client = app.stranger();
    let json = Some("application/json");
    for (what, answer, status) in [
        ("unknown address", client.get("/api/nothing/").await, 404),
        ("unknown address, no API", client.get("/nothing").await, 404),
        ("unknown method", client.delete("/health/live").await, 405),
        ("no token", client.get("/api/users/me/").await, 401),
        ("no body", client.send(Method::POST, "/api/auth/login/", None).await, 415),
        ("empty body", client.send_bytes(Method::POST, "/api/auth/login/", json, vec![]).await, 400),
        ("broken JSON", client.send_bytes(Method::POST, "/api/auth/login/", json, b"{".to_vec()).await, 400),
        ("wrong type", client.post("/api/auth/login/", json!({"email": 1, "password": "x"})).await, 400),
        ("large body", client.send_bytes(Method::POST, "/api/auth/login/", json, vec![b' '; 10 << 20]).await, 413),
        ("form", client.send_bytes(Method::POST, "/api/auth/login/", Some("text/html"), vec![]).await, 415),
    ] {
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.body);
        assert!(answer.is_problem(), "{what}: {}", answer.body);
    }
}

async fn panics() -> &'static str {
    panic!("the secret of the handler")
}

/// Through the real layers, around routes that no release has.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_and_what_takes_too_long_are_told_as_problems_too() {
    let app = TestApp::start().await;
    let routes = Router::new()
        .route("/api/panics/", get(panics).post(panics))
        .route("/api/endless/", get(std::future::pending::<()>).post(std::future::pending::<()>))
        .route("/api/fine/", get(async || "fine"));
    let client = Client::new(surrounded(app.app.clone(), routes, Duration::from_millis(200)), None, None);
    for method in [Method::GET, Method::POST] {
        let answer = client.send(method.clone(), "/api/panics/", None).await.expect(500);
        assert!(answer.is_problem(), "{}", answer.body);
        assert_eq!(answer.body["code"], "internal_error");
        assert!(!answer.body.to_string().contains("secret"), "{}", answer.body);
        assert_eq!(answer.body["request_id"], answer.header("x-request-id"));

        let answer = client.send(method, "/api/endless/", None).await.expect(503);
        assert!(answer.is_problem(), "{}", answer.body);
        assert_eq!(answer.body["code"], "timeout");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{:?}", answer.headers);
        assert_eq!(answer.body["request_id"], answer.header("x-request-id"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    client.get("/api/fine/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_are_served_and_name_no_other_host() {
    let app = TestApp::start().await;
    let client = app.stranger();
    for path in ["/api/schema/swagger-ui/", "/api/schema/redoc/"] {
        let page = client.get(path).await.expect(200);
        let text = String::from_utf8_lossy(&page.bytes).into_owned();
        assert!(!text.contains("//cdn") && !text.contains("https://"), "{path} loads from elsewhere: {text}");
    }
    let document = client.get("/api/schema/").await.expect(200);
    assert_eq!(document.body["openapi"], "3.1.0");
}
