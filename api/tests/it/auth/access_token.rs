use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use shared::ids::SessionId;
use shared::testing::make;
use shared::users::User;

use crate::support::TestApp;

/// The key of development, which the tests' API runs on.
const KEY: &[u8] = b"insecure-jwt-secret-key-for-development-only";

fn claims(user: &User, session: SessionId) -> Value {
    let now = make::morning().timestamp();
    json!({
        "iss": "lms", "aud": "lms-api", "sub": user.id, "sid": session, "tid": user.tenant_id, "role": "ADMIN",
        "typ": "access", "iat": now, "exp": now + 900, "jti": "01935b7e-2c1f-7d3a-8f60-0242ac120002",
    })
}

fn signed(claims: &Value, algorithm: Algorithm, key: &[u8]) -> String {
    encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(key)).expect("a token")
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().expect("an object").remove(name);
    claims
}

/// A token whose header says what we like, signed by nobody.
fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    format!("{}.{}.", part(header), part(claims))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_our_own_tokens_let_anybody_in() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = make::user(tenant).make(&app.db).await;
    let other = make::user(tenant).make(&app.db).await;
    let session = make::session(&app.db, &user).await;
    let good = claims(&user, session);
    let ours = |claims: &Value| signed(claims, Algorithm::HS256, KEY);
    app.stranger().with_token(&ours(&good)).get("/api/users/me/").await.expect(200);

    let now = make::morning().timestamp();
    let attacks = [
        ("none", unsigned(&json!({"alg": "none", "typ": "JWT"}), &good)),
        ("None", unsigned(&json!({"alg": "None"}), &good)),
        ("HS256 without a signature", unsigned(&json!({"alg": "HS256"}), &good)),
        ("another key", signed(&good, Algorithm::HS256, b"another key that is long enough too")),
        ("an empty key", signed(&good, Algorithm::HS256, b"")),
        ("HS384", signed(&good, Algorithm::HS384, KEY)),
        ("HS512", signed(&good, Algorithm::HS512, KEY)),
        ("another issuer", ours(&with(&good, "iss", json!("evil")))),
        ("another audience", ours(&with(&good, "aud", json!("lms-web")))),
        ("no issuer", ours(&without(&good, "iss"))),
        ("no audience", ours(&without(&good, "aud"))),
        ("another kind", ours(&with(&good, "typ", json!("refresh")))),
        ("no kind", ours(&without(&good, "typ"))),
        ("expired", ours(&with(&good, "exp", json!(now)))),
        ("no expiry", ours(&without(&good, "exp"))),
        ("another person", ours(&with(&good, "sub", json!(other.id)))),
        ("another tenant", ours(&with(&good, "tid", json!(app.tenant().await)))),
        ("no tenant", ours(&with(&good, "tid", json!(null)))),
        ("no such session", ours(&with(&good, "sid", json!(SessionId::new())))),
        ("not an id", ours(&with(&good, "sub", json!("1 or 1=1")))),
        ("garbage", "garbage".to_owned()),
        ("three dots", "...".to_owned()),
        ("5 kB", "a".repeat(5_000)),
        ("5 kB in parts", format!("{0}.{0}.{0}", "YWFh".repeat(420))),
    ];
    for (what, token) in attacks {
        let answer = app.stranger().with_token(&token).get("/api/users/me/").await;
        assert_eq!(answer.status.as_u16(), 401, "{what}");
        assert_eq!(answer.text("/detail"), "Sign in: the access token is missing, expired or revoked.", "{what}");
    }
    for header in ["", "Bearer", "Basic YTpi", "Token x", "Bearer  "] {
        let answer = app.stranger().with("authorization", header).get("/api/users/me/").await;
        assert_eq!(answer.status.as_u16(), 401, "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_a_quarter_of_an_hour() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let client = app.as_role(tenant, shared::users::UserRole::Learner).await;
    app.app.clock.advance(TimeDelta::seconds(899));
    client.get("/api/users/me/").await.expect(200);
    app.app.clock.advance(TimeDelta::seconds(1));
    client.get("/api/users/me/").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_says_of_the_role_decides_nothing() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let learner = make::user(tenant).make(&app.db).await;
    let session = make::session(&app.db, &learner).await;
    let token = signed(&claims(&learner, session), Algorithm::HS256, KEY);
    app.stranger().with_token(&token).get("/api/users/").await.expect(403);
}
