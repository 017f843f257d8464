//! Identity providers and learning platforms, as records.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::ids::TenantId;
use shared::testing::make;
use shared::users::UserRole;

use crate::support::TestApp;

const SSO: &str = "/api/core/settings/sso-configurations/";
const LTI: &str = "/api/core/settings/lti-platforms/";

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_has_what_its_kind_needs_and_keeps_its_secret() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    for (kind, settings, missing) in [
        ("SAML", json!({ "idp_entity_id": "x" }), "idp_sso_url"),
        ("OAUTH_GOOGLE", json!({}), "oauth_client_id"),
        ("OIDC", json!({ "oauth_client_id": "x" }), "oauth_authorization_url"),
    ] {
        let body = json!({ "name": "One", "provider_type": kind, "settings": settings });
        let answer = admin.post(SSO, body).await.expect(400);
        assert!(answer.body["errors"][missing].is_array(), "{kind}: {}", answer.body);
    }
    let body = json!({
        "name": "One", "provider_type": "oauth_google",
        "settings": { "oauth_client_id": "x", "oauth_client_secret": "own-secret", "role_mapping": { "staff": "INSTRUCTOR" } },
    });
    let made = admin.post(SSO, body.clone()).await.expect(201);
    assert_eq!((&made.body["oauth_client_secret_set"], &made.body["tenant"]), (&json!(true), &json!(tenant)));
    assert_eq!(admin.post(SSO, body).await.expect(409).text("/code"), "name_taken");
    let address = made.header("location").to_owned();
    // It cannot be emptied of what it needs, nor be put into another tenant.
    admin.patch(&address, json!({ "oauth_client_id": "" })).await.expect(400);
    admin.patch(&address, json!({ "tenant": made.body["id"] })).await.expect(400);
    admin.patch(&address, json!({ "oauth_token_url": "http://insecure.example.org" })).await.expect(400);
    let shown = admin.get(&address).await.expect(200);
    assert_eq!(shown.body["oauth_client_id"], "x");
    // The secret is for the address that it was given for.
    let named = admin.patch(&address, json!({ "name": "Two" })).await.expect(200);
    assert_eq!(named.body["oauth_client_secret_set"], true);
    let moved =
        admin.patch(&address, json!({ "oauth_token_url": "https://other.example.org/token" })).await.expect(200);
    assert_eq!(moved.body["oauth_client_secret_set"], false);
    let everything = app
        .db
        .texts("select t::text as text from sso_configurations t union all select t::text from audit_log t")
        .await;
    for text in [made.body.to_string(), shown.body.to_string(), everything.concat()] {
        assert!(!text.contains("own-secret") && !text.contains(&hex::encode("own-secret")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_provider_is_the_default_and_it_is_switched_on() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let (one, other) = (make::sso_configuration(&app.db, tenant).await, make::sso_configuration(&app.db, tenant).await);
    let at = |id, verb: &str| format!("{SSO}{id}/{verb}/");

    admin.post(&at(one.id, "set-default"), Value::Null).await.expect(200);
    admin.post(&at(other.id, "set-default"), Value::Null).await.expect(200);

    let listed = admin.get(SSO).await.expect(200);
    let defaults: Vec<_> =
        listed.results().iter().filter(|row| row["is_default"] == true).map(|row| row["id"].clone()).collect();
    assert_eq!(defaults, [json!(other.id)]);
    let off = admin.post(&at(other.id, "toggle-status"), Value::Null).await.expect(200);
    assert_eq!((&off.body["is_active"], &off.body["is_default"]), (&json!(false), &json!(false)));
    assert_eq!(admin.post(&at(other.id, "set-default"), Value::Null).await.expect(409).text("/code"), "not_active");
    assert_eq!(admin.get(&format!("{SSO}?is_active=false")).await.expect(200).body["count"], 1);
    admin.delete(&format!("{SSO}{}/", other.id)).await.expect(204);
    admin.get(&format!("{SSO}{}/", other.id)).await.expect(404);
    assert_eq!(
        admin.get(&format!("{SSO}provider-types/")).await.expect(200).body[0],
        json!({ "value": "SAML", "label": "SAML 2.0" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_gets_a_key_pair_of_which_only_the_public_half_is_shown() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let body = json!({ "name": "Canvas", "issuer": "https://canvas.example.org", "client_id": "1", "deployments": ["b", "a", "b"] });

    let made = admin.post(LTI, body.clone()).await.expect(201);

    assert!(made.text("/tool_public_key").starts_with("-----BEGIN PUBLIC KEY-----"));
    assert_eq!(made.body["deployments"], json!(["a", "b"]));
    assert_eq!(admin.post(LTI, body).await.expect(409).text("/code"), "platform_taken");
    let address = made.header("location").to_owned();
    let keys = admin.get(&format!("{address}jwks/")).await.expect(200);
    assert_eq!(keys.body["keys"][0]["use"], "sig");
    let renewed = admin.post(&format!("{address}regenerate-keys/"), Value::Null).await.expect(200);
    assert_ne!(renewed.body["public_key"], made.body["tool_public_key"]);
    let changed = admin.patch(&address, json!({ "deployments": ["c"], "name": "Moodle" })).await.expect(200);
    assert_eq!((&changed.body["deployments"], &changed.body["deployments_count"]), (&json!(["c"]), &json!(1)));
    let seen = [made.body, keys.body, renewed.body, changed.body].map(|body| body.to_string()).concat();
    let stored =
        app.db.texts("select t::text as text from lti_platforms t union all select t::text from audit_log t").await;
    assert!(!seen.contains("PRIVATE") && !stored.concat().contains("PRIVATE"));
    let toggled = admin.post(&format!("{address}toggle-status/"), Value::Null).await.expect(200);
    assert_eq!(toggled.body["is_active"], false);
    admin.delete(&address).await.expect(204);
    assert_eq!(admin.get(LTI).await.expect(200).body["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_has_a_new_name_and_the_one_before_it_is_shown_for_a_day() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let body = json!({ "name": "Canvas", "issuer": "https://canvas.example.org", "client_id": "1" });
    let address = admin.post(LTI, body).await.expect(201).header("location").to_owned();
    let keys = async || {
        let set = admin.get(&format!("{address}jwks/")).await.expect(200).body["keys"].clone();
        set.as_array().expect("keys").iter().map(|key| (key["kid"].clone(), key["n"].clone())).collect::<Vec<_>>()
    };
    let renew = async || admin.post(&format!("{address}regenerate-keys/"), Value::Null).await.expect(200);
    let first = keys().await;
    assert_eq!(first.len(), 1);

    renew().await;

    let second = keys().await;
    assert_eq!(second.len(), 2, "what the old one has signed can still be checked");
    assert_eq!(second[1], first[0], "the new one comes first, and the old one keeps its name");
    assert!(second[0].0 != first[0].0 && second[0].1 != first[0].1);
    admin.patch(&address, json!({ "name": "Moodle" })).await.expect(200);
    assert_eq!(keys().await, second, "another change is none of keys");
    // One that was stolen is gone after the second time.
    renew().await;
    let third = keys().await;
    assert_eq!((third.len(), &third[1]), (2, &second[0]));
    assert!(!third.contains(&first[0]));

    app.app.clock.advance(TimeDelta::hours(24));
    assert_eq!(admin_keys(&app, tenant, &address).await, [third[0].0.clone()]);
}

/// The names of a platform's keys, as an administrator who has just signed in sees them.
async fn admin_keys(app: &TestApp, tenant: TenantId, address: &str) -> Vec<Value> {
    let admin = app.as_role(tenant, UserRole::Admin).await;
    let set = admin.get(&format!("{address}jwks/")).await.expect(200).body["keys"].clone();
    set.as_array().expect("keys").iter().map(|key| key["kid"].clone()).collect()
}
