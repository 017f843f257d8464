//! Logs: no secret that somebody sends or gets stands in them, however much is logged.

use serde_json::{Value, json};
use shared::testing::{Logs, make};
use shared::users::jobs::SendPasswordReset;
use shared::users::{OneTimeToken, UserRole};

use crate::support::{Answer, Client, TestApp};

/// The server's own.
const KEYS: [(&str, &str); 2] = [
    ("SECRET_KEY", "a-secret-key-that-nobody-may-read-in-a-log"),
    ("JWT_SECRET_KEY", "a-token-key-that-nobody-may-read-in-a-log"),
];
const FIRST: &str = "the first pass phrase of Ada";
const SECOND: &str = "the second pass phrase of Ada";
const THIRD: &str = "the third pass phrase of Ada";
const MISTYPED: &str = "a mistyped pass phrase of Ada";
const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

async fn log_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.stranger().post("/api/auth/login/", json!({ "email": email, "password": password })).await
}

/// Everything that has to do with signing in; the tokens that were given out.
async fn sign_in(app: &TestApp, email: &str) -> Vec<String> {
    log_in(app, email, MISTYPED).await.expect(401);
    let answer = log_in(app, email, FIRST).await.expect(200);
    let (access, refresh) = (answer.text("/access").to_owned(), answer.text("/refresh").to_owned());
    let ada = app.stranger().with_token(&access);
    ada.get("/api/users/me/").await.expect(200);
    // A token at a place where none belongs.
    app.stranger().get(&format!("/api/users/me/?token={access}")).await.expect(401);
    app.stranger().with_token(&format!("{access}x")).get("/api/users/me/").await.expect(401);
    let renewed = app.stranger().post("/api/auth/token/refresh/", json!({ "refresh": refresh })).await.expect(200);
    let change = json!({ "old_password": FIRST, "new_password": SECOND });
    ada.post("/api/users/me/password/", change).await.expect(200);
    app.stranger().post("/api/auth/password/reset/", json!({ "email": email })).await.expect(202);
    let job = app.enqueued::<SendPasswordReset>().await.pop().expect("a mail");
    let found = OneTimeToken::find_for_mail(&mut *app.db.platform().await, job.token_id, app.app.clock.now()).await;
    let mailed = found.expect("an answer").expect("a link").0.text(&app.app.seal);
    let confirm = json!({ "token": mailed, "new_password": THIRD });
    app.stranger().post("/api/auth/password/reset/confirm/", confirm.clone()).await.expect(200);
    app.stranger().post("/api/auth/password/reset/confirm/", confirm).await.expect(400);
    log_in(app, email, THIRD).await.expect(200);
    // Bodies that are refused are not shown either.
    app.stranger().post("/api/auth/login/", json!({ "email": 1, "password": THIRD })).await.expect(400);
    vec![access, refresh, renewed.text("/access").to_owned(), renewed.text("/refresh").to_owned(), mailed]
}

/// Secrets that a tenant entrusts to us.
async fn entrust(admin: &Client) -> Vec<String> {
    let smtp = json!({ "smtp_host": "smtp.example.org", "smtp_username": "lms", "smtp_password": "mail-pass-phrase" });
    admin.patch("/api/core/settings/email/", smtp).await.expect(200);
    let bucket =
        json!({ "s3_bucket_name": "acme", "s3_access_key_id": "acme", "s3_secret_access_key": "bucket-pass-phrase" });
    admin.patch("/api/core/settings/storage/", bucket).await.expect(200);
    let provider = json!({
        "name": "One", "provider_type": "oauth_google",
        "settings": { "oauth_client_id": "x", "oauth_client_secret": "provider-pass-phrase" },
    });
    admin.post("/api/core/settings/sso-configurations/", provider).await.expect(201);
    let platform = json!({ "name": "Canvas", "issuer": "https://canvas.example.org", "client_id": "1" });
    admin.post("/api/core/settings/lti-platforms/", platform).await.expect(201);
    ["mail-pass-phrase", "bucket-pass-phrase", "provider-pass-phrase", "BEGIN PRIVATE KEY"].map(str::to_owned).to_vec()
}

/// Where a browser and a telephone are reached.
async fn register_devices(person: &Client) -> Vec<String> {
    let browser = json!({
        "device_type": "web", "endpoint": "https://push.example.net/push/a-capability", "keys": { "p256dh": P256DH, "auth": AUTH },
    });
    let telephone = json!({ "device_type": "ANDROID", "token": "fcm:a-telephones-token" });
    for device in [browser, telephone] {
        person.post("/api/notifications/devices/", device.clone()).await.expect(201);
        person.post("/api/notifications/devices/", broken(device)).await.expect(400);
    }
    ["push/a-capability", "fcm:a-telephones-token", P256DH, AUTH].map(str::to_owned).to_vec()
}

fn broken(mut device: Value) -> Value {
    device["device_type"] = json!("TOASTER");
    device
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_stands_in_a_log() {
    let logs = Logs::keep("debug,api=trace,shared=trace,worker=trace");
    let app = TestApp::start_with(&KEYS).await;
    let tenant = app.tenant().await;
    let ada = app.with_password(make::user(tenant), FIRST).await;
    let admin = app.as_role(tenant, UserRole::Admin).await;

    let mut secrets = sign_in(&app, &ada.email).await;
    secrets.extend(entrust(&admin).await);
    secrets.extend(register_devices(&admin).await);

    secrets.extend([FIRST, SECOND, THIRD, MISTYPED].map(str::to_owned));
    secrets.extend(KEYS.map(|(_, key)| key.to_owned()));
    for secret in secrets {
        assert_eq!(logs.lines_with(&secret), Vec::<String>::new(), "{secret}");
    }
    // It has been listened to.
    let text = logs.text();
    assert!(
        text.contains("POST /api/auth/login/ 200") && text.contains("POST /api/notifications/devices/ 201"),
        "{text}"
    );
}
