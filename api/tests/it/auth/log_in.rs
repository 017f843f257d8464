use chrono::TimeDelta;
use serde_json::json;
use shared::testing::make;
use shared::users::{UserRole, UserStatus};

use super::{PASSWORD, learner, log_in};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_password_gets_two_tokens_that_work() {
    let app = TestApp::start().await;
    let user = learner(&app).await;

    let answer = log_in(&app.stranger(), &user.email.to_uppercase(), PASSWORD).await.expect(200);

    let me = app.stranger().with_token(answer.text("/access")).get("/api/users/me/").await.expect(200);
    assert_eq!(me.text("/id"), user.id.to_string());
    assert_eq!(me.text("/last_login"), "2026-01-05T09:00:00Z");
    app.stranger().post("/api/auth/token/refresh/", json!({ "refresh": answer.text("/refresh") })).await.expect(200);
    let events = app.db.texts("select event_type || ' ' || user_id as text from events").await;
    assert_eq!(events, [format!("SIGN_IN {}", user.id)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_signs_in_without_a_tenant() {
    let app = TestApp::start().await;
    let user = app.with_password(make::user(None), PASSWORD).await;

    let answer = log_in(&app.stranger(), &user.email, PASSWORD).await.expect(200);

    let me = app.stranger().with_token(answer.text("/access")).get("/api/users/me/").await.expect(200);
    assert_eq!(me.body["is_superuser"], true);
    assert_eq!(me.body["tenant_slug"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_refusal_does_not_say_why() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let user = app.with_password(make::user(tenant), PASSWORD).await;
    let mut tries = vec![(user.email, "another password"), ("nobody@example.org".to_owned(), PASSWORD)];
    for status in [UserStatus::Invited, UserStatus::Suspended, UserStatus::Deleted] {
        tries.push((app.with_password(make::user(tenant).status(status), PASSWORD).await.email, PASSWORD));
    }
    let off = make::tenant(&app.db).await;
    tries.push((app.with_password(make::user(off.id), PASSWORD).await.email, PASSWORD));
    tries.push((make::user(tenant).make(&app.db).await.email, PASSWORD));
    let admin = app.as_superuser().await;
    admin.post(&format!("/api/core/tenants/{}/toggle-status/", off.slug), json!({})).await.expect(200);

    let mut said = Vec::new();
    for (email, password) in tries {
        let mut answer = log_in(&app.stranger(), &email, password).await.expect(401);
        answer.body["request_id"] = json!(null);
        said.push(answer.body);
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_does_not_say_whether_there_is_such_an_account() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let stranger = app.stranger();
    log_in(&stranger, "warm@example.org", "x").await.expect(401);
    // The machine may be busy with something else at any time, but not at each. Hashing is most of the
    // least that it takes: without it the unknown would be ten times as fast, however often one asks.
    let [mut known, mut unknown] = [f64::MAX; 2];
    for round in 0..20 {
        // Nobody's guesses are counted here.
        app.app.clock.advance(TimeDelta::minutes(20));
        for (least, email) in [(&mut known, &user.email), (&mut unknown, &format!("nobody-{round}@example.org"))] {
            let started = std::time::Instant::now();
            log_in(&stranger, email, "not the password").await.expect(401);
            *least = least.min(started.elapsed().as_secs_f64());
        }
        if round >= 3 && (0.4..2.5).contains(&(unknown / known)) {
            return;
        }
    }
    panic!("known {known}, unknown {unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_throttled_and_the_owner_still_gets_in_where_they_have_been() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let owner = app.stranger().at("198.51.100.1");
    log_in(&owner, &user.email, PASSWORD).await.expect(200);

    let mut statuses = Vec::new();
    for number in 0..14 {
        let guesser = app.stranger().at(&format!("203.0.113.{number}"));
        let answer = log_in(&guesser, &user.email, "guess").await;
        if answer.status == 429 {
            assert_eq!(answer.header("retry-after"), "30");
            assert!(answer.is_problem());
        }
        statuses.push(answer.status.as_u16());
    }

    assert_eq!(statuses, [[401; 10].as_slice(), &[429; 4]].concat());
    log_in(&owner, &user.email, PASSWORD).await.expect(200);
    // Nobody is locked out for good.
    app.app.clock.advance(TimeDelta::seconds(31));
    log_in(&app.stranger().at("192.0.2.1"), &user.email, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_is_not_counted() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    for _ in 0..13 {
        log_in(&app.stranger(), &user.email, PASSWORD).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_claims_another_address_changes_nothing() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let mut last = 0;
    for number in 0..11 {
        let liar = app.stranger().at("203.0.113.9").with("x-forwarded-for", &format!("192.0.2.{number}"));
        last = log_in(&liar, &user.email, "guess").await.status.as_u16();
    }
    assert_eq!(last, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_of_lesser_parameters_is_replaced_when_its_owner_signs_in() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    // argon2id with 8 KiB and one pass, of `correct horse battery staple`.
    let old = argon2_of(PASSWORD, 8, 1);
    let user = make::user(tenant).password_hash(&old).make(&app.db).await;

    log_in(&app.stranger(), &user.email, PASSWORD).await.expect(200);

    let stored = app.db.texts("select password_hash as text from users").await.concat();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    log_in(&app.stranger(), &user.email, PASSWORD).await.expect(200);
}

fn argon2_of(password: &str, memory: u32, passes: u32) -> String {
    use argon2::password_hash::PasswordHasher;
    let params = argon2::Params::new(memory, passes, 1, None).expect("parameters");
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(password.as_bytes()).expect("a hash").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_name_in_a_header_does_not_matter_before_signing_in() {
    let app = TestApp::start().await;
    let user = learner(&app).await;
    let client = app.stranger().with("x-tenant-slug", "nobodys-slug");
    log_in(&client, &user.email, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_while_many_sign_in_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let bystander = app.as_role(tenant, UserRole::Learner).await;
    let user = learner(&app).await;
    // Nobody's password gets its turn.
    let turns = app.app.passwords.hold_all().await.expect("all turns");
    let mut logins = tokio::task::JoinSet::new();
    for number in 0..40 {
        let (client, email) = (app.stranger().at(&format!("198.51.100.{number}")), user.email.clone());
        logins.spawn(async move { log_in(&client, &email, PASSWORD).await.status.as_u16() });
    }
    // All knock at the same account at once, before any of them is known to be its owner.
    for _ in 0..30 {
        assert_eq!(logins.join_next().await.expect("one of forty").expect("an answer"), 429);
    }

    // Ten wait, and the pool has eight connections: none of them keeps one meanwhile.
    bystander.get("/api/users/me/").await.expect(200);

    drop(turns);
    assert_eq!(logins.join_all().await, [200; 10]);
}
