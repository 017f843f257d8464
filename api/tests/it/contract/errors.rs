//! Every error has one shape.

use axum::http::Method;
use serde_json::json;

use crate::support::TestApp;

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
