//! Signing in and out, and one's own account.

mod access_token;
mod invitation;
mod log_in;
mod me;
mod password;
mod refresh;
mod register;
mod session_loader;
mod sessions;

use serde_json::json;

use crate::support::{Answer, Client, TestApp};

/// A password that may be chosen.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Asks to come in.
async fn log_in(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/api/auth/login/", json!({ "email": email, "password": password })).await
}

/// A learner with [`PASSWORD`].
async fn learner(app: &TestApp) -> shared::users::User {
    let tenant = app.tenant().await;
    app.with_password(shared::testing::make::user(tenant), PASSWORD).await
}
