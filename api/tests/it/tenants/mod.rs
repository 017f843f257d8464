//! Tenants, their domains, flags and settings.

mod email;

use serde_json::json;
use shared::testing::{count_queries, make};
use shared::users::UserRole;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_makes_tenants_as_the_web_client_asks() {
    let app = TestApp::start().await;
    let root = app.as_superuser().await;
    let body = json!({
        "name": "Acme Learning", "is_active": true, "domains": ["Acme.localhost", "learn.acme.test"],
        "theme_config": {"primary_color": "#123456"}, "feature_flags": {"ai_enabled": true},
    });

    let made = root.post("/api/core/tenants/", body).await.expect(201);

    assert_eq!(made.text("/slug"), "acme-learning");
    let domains: Vec<_> =
        made.body["domains"].as_array().expect("domains").iter().map(|it| (&it["domain"], &it["is_primary"])).collect();
    assert_eq!(domains, [(&json!("acme.localhost"), &json!(true)), (&json!("learn.acme.test"), &json!(false))]);
    let shown = root.get("/api/core/tenants/acme-learning/").await.expect(200);
    assert_eq!(shown.body["id"], made.body["id"]);
    // A name is one tenant's; a slug made of it is made free.
    root.post("/api/core/tenants/", json!({ "name": "Acme Learning" })).await.expect(409);
    let second = root.post("/api/core/tenants/", json!({ "name": "Acme  learning!" })).await.expect(201);
    assert_eq!(second.text("/slug"), "acme-learning-2");
    let answer = root.post("/api/core/tenants/", json!({ "name": "Other", "slug": "acme-learning" })).await.expect(409);
    assert_eq!(answer.text("/code"), "slug_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_a_taken_domain_is_not_made_at_all() {
    let app = TestApp::start().await;
    let root = app.as_superuser().await;
    root.post("/api/core/tenants/", json!({ "name": "One", "domains": ["one.test"] })).await.expect(201);
    let answer = root
        .post("/api/core/tenants/", json!({ "name": "Two", "domains": ["two.test", "one.test"] }))
        .await
        .expect(409);
    assert_eq!(answer.text("/code"), "domain_taken");
    assert_eq!(root.get("/api/core/tenants/").await.expect(200).body["count"], 1);
    for domain in ["localhost", "127.0.0.1", "no host", "https://a.test", "a"] {
        root.post("/api/core/tenants/", json!({ "name": "Three", "domains": [domain] })).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_see_and_change_their_own_tenant_only() {
    let app = TestApp::start().await;
    let (own, other) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let admin = app.as_role(own.id, UserRole::Admin).await;

    let listed = admin.get("/api/core/tenants/").await.expect(200);
    assert_eq!(listed.results().iter().map(|it| it["slug"].clone()).collect::<Vec<_>>(), [own.slug.as_str()]);
    for name in [other.slug.clone(), other.id.to_string()] {
        admin.get(&format!("/api/core/tenants/{name}/")).await.expect(404);
        admin.patch(&format!("/api/core/tenants/{name}/"), json!({ "name": "Mine" })).await.expect(404);
        admin.get(&format!("/api/core/tenants/{name}/stats/")).await.expect(404);
        admin.get(&format!("/api/core/tenants/{name}/domains/")).await.expect(404);
    }
    let address = format!("/api/core/tenants/{}/", own.slug);
    let body = json!({ "name": "Renamed", "is_active": true, "theme_config": {"logo_text": "R"}, "feature_flags": {} });
    let changed = admin.patch(&address, body).await.expect(200);
    assert_eq!((changed.text("/name"), changed.text("/theme_config/logo_text")), ("Renamed", "R"));
    admin.patch(&address, json!({ "is_active": false })).await.expect(403);
    admin.patch(&address, json!({ "slug": "x" })).await.expect(400);
    admin.patch(&address, json!({ "name": other.name })).await.expect(409);
    admin.post(&format!("{address}toggle-status/"), json!({})).await.expect(403);
    admin.post(&format!("{address}domains/"), json!({ "domain": "a.test" })).await.expect(403);
    admin.post("/api/core/tenants/", json!({ "name": "x" })).await.expect(403);
    for role in [UserRole::Learner, UserRole::Instructor] {
        app.as_role(own.id, role).await.get("/api/core/tenants/").await.expect(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_a_tenant_that_is_switched_off_is_let_in() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let admin = app.as_role(tenant.id, UserRole::Admin).await;
    let root = app.as_superuser().await;
    let toggle = format!("/api/core/tenants/{}/toggle-status/", tenant.slug);
    assert_eq!(root.post(&toggle, json!({})).await.expect(200).body["is_active"], false);
    admin.get("/api/users/me/").await.expect(401);
    assert_eq!(root.post(&toggle, json!({})).await.expect(200).body["is_active"], true);
    admin.get("/api/users/me/").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_found_by_name_slug_and_domain() {
    let app = TestApp::start().await;
    let root = app.as_superuser().await;
    for (name, domain) in [("Alpha", "first.test"), ("Beta", "second.test")] {
        root.post("/api/core/tenants/", json!({ "name": name, "domains": [domain] })).await.expect(201);
    }
    root.post("/api/core/tenants/", json!({ "name": "Gamma", "is_active": false })).await.expect(201);
    for (query, found) in [
        ("", vec!["Alpha", "Beta", "Gamma"]),
        ("?search=ALPHA", vec!["Alpha"]),
        ("?search=second", vec!["Beta"]),
        ("?search=%25", vec![]),
        ("?is_active=false", vec!["Gamma"]),
        ("?page=2&page_size=2", vec!["Gamma"]),
    ] {
        let answer = root.get(&format!("/api/core/tenants/{query}")).await.expect(200);
        let names: Vec<_> = answer.results().iter().map(|it| it["name"].as_str().expect("a name")).collect();
        assert_eq!(names, found, "{query}");
    }
    let (_, one) = count_queries(root.get("/api/core/tenants/?page_size=1")).await;
    let (_, all) = count_queries(root.get("/api/core/tenants/")).await;
    assert_eq!(one, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_come_and_go_and_one_is_the_primary_one() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let root = app.as_superuser().await;
    let address = format!("/api/core/tenants/{}/domains/", tenant.slug);
    let (one, two) = tokio::join!(
        root.post(&address, json!({ "domain": "one.test" })),
        root.post(&address, json!({ "domain": "two.test" }))
    );
    let primary = [&one, &two].into_iter().filter(|it| it.body["is_primary"] == true).count();
    assert_eq!((one.status.as_u16(), two.status.as_u16(), primary), (201, 201, 1));
    root.post(&address, json!({ "domain": "ONE.test." })).await.expect(409);

    // A host of theirs names the tenant, where nobody is signed in.
    let body = json!({ "email": "new@example.org", "password": "correct horse battery" });
    let there = app.stranger().with("host", "one.test:8000");
    assert_eq!(there.post("/api/auth/register/", body).await.expect(201).text("/tenant"), tenant.id.to_string());

    let listed = root.get(&address).await.expect(200);
    let first = listed.results()[0]["id"].as_str().expect("an id").to_owned();
    root.delete(&format!("{address}{first}/")).await.expect(204);
    root.delete(&format!("{address}{first}/")).await.expect(404);
    let left = root.get(&address).await.expect(200);
    assert_eq!((left.results().len(), &left.results()[0]["is_primary"]), (1, &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn features_are_switched_one_by_one() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let admin = app.as_role(tenant.id, UserRole::Admin).await;
    admin.patch("/api/core/settings/", json!({ "features": { "certificates_enabled": false } })).await.expect(200);

    let body = json!({ "features": { "ai_content_generation": true } });
    let changed = admin.patch("/api/core/settings/", body).await.expect(200);

    assert_eq!(changed.body["features"], json!({ "certificates_enabled": false, "ai_content_generation": true }));
    let shown = admin.get(&format!("/api/core/tenants/{}/", tenant.slug)).await.expect(200);
    assert_eq!(shown.body["feature_flags"], changed.body["features"]);
    for features in [json!([]), json!({ "ai_enabled": 1 }), json!({ "skills": true }), json!({ "": true })] {
        admin.patch("/api/core/settings/", json!({ "features": features })).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_nobody_knows_is_not_switched_anywhere() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let root = app.as_superuser().await;
    let address = format!("/api/core/tenants/{}/", tenant.slug);
    let (flags, features) = (json!({ "feature_flags": {"skills": true} }), json!({ "features": {"skills": true} }));
    let named = json!({ "name": "Another", "feature_flags": {"skills": true} });

    let answer = root.patch(&address, flags).await.expect(400);
    let why = answer.text("/errors/feature_flags/0");
    assert!(why.contains("`skills`") && why.contains("`certificates_enabled`"), "{why}");
    root.post("/api/core/tenants/", named).await.expect(400);
    root.patch("/api/core/settings/", features.clone()).await.expect(400);
    root.with("x-tenant-slug", &tenant.slug).patch("/api/core/settings/", features).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_how_their_tenant_looks_and_what_is_on() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let admin = app.as_role(tenant.id, UserRole::Admin).await;
    let learner = app.as_role(tenant.id, UserRole::Learner).await;
    let root = app.as_superuser().await;
    let seen = async |field: &str| learner.get("/api/tenants/current/").await.expect(200).body[field].clone();

    let first = learner.get("/api/tenants/current/").await.expect(200);
    assert_eq!((first.text("/slug"), first.text("/timezone")), (tenant.slug.as_str(), "UTC"));
    assert_eq!(
        first.body["features"],
        json!({"ai_content_generation": false, "ai_enabled": false, "certificates_enabled": true, "learning_paths_enabled": false})
    );
    let address = format!("/api/core/tenants/{}/", tenant.slug);
    admin.patch(&address, json!({ "theme_config": {"primary_color": "#123456"} })).await.expect(200);
    let change = json!({ "site_name": "School", "timezone": "Africa/Nairobi" });
    admin.patch("/api/core/settings/", change).await.expect(200);
    // What the tenant does not say, the platform says.
    let platform = json!({ "features": {"certificates_enabled": false, "ai_enabled": true} });
    root.patch("/api/core/settings/", platform).await.expect(200);

    assert_eq!(seen("theme_config").await, json!({"primary_color": "#123456"}));
    assert_eq!((seen("site_name").await, seen("timezone").await), (json!("School"), json!("Africa/Nairobi")));
    assert_eq!(seen("features").await["certificates_enabled"], false);
    assert_eq!(seen("features").await["ai_enabled"], true);
    let own = json!({ "features": {"certificates_enabled": true} });
    admin.patch("/api/core/settings/", own).await.expect(200);
    assert_eq!(seen("features").await["certificates_enabled"], true);
    let last = learner.get("/api/tenants/current/").await.expect(200);
    assert_ne!(last.header("etag"), first.header("etag"));
    root.get("/api/tenants/current/").await.expect(400);
    let picked = root.with("x-tenant-slug", &tenant.slug).get("/api/tenants/current/").await.expect(200);
    assert_eq!(picked.body["id"], json!(tenant.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_people_have_the_tenants_language_and_zone() {
    let app = TestApp::start().await;
    let (tenant, other) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let admin = app.as_role(tenant.id, UserRole::Admin).await;
    let root = app.as_superuser().await;
    let usual = json!({ "default_language": "sw", "timezone": "Africa/Nairobi" });
    admin.patch("/api/core/settings/", usual).await.expect(200);
    let platform = json!({ "default_language": "fr", "timezone": "Europe/Paris" });
    root.patch("/api/core/settings/", platform).await.expect(200);
    let profile = |answer: &crate::support::Answer| {
        [answer.text("/profile/language").to_owned(), answer.text("/profile/timezone").to_owned()]
    };
    let (theirs, the_platforms) = (["sw", "Africa/Nairobi"], ["fr", "Europe/Paris"]);

    let invited = admin.post("/api/users/", json!({ "email": "invited@example.org" })).await.expect(201);
    assert_eq!(profile(&invited), theirs);
    let from_above = json!({ "email": "above@example.org", "tenant": tenant.slug });
    assert_eq!(profile(&root.post("/api/users/", from_above).await.expect(201)), theirs);
    let registering = json!({ "email": "new@example.org", "password": "correct horse battery", "tenant": tenant.slug });
    let registered = app.stranger().post("/api/auth/register/", registering).await.expect(201);
    let shown = admin.get(&format!("/api/users/{}/", registered.text("/id"))).await.expect(200);
    assert_eq!(profile(&shown), theirs);
    // A tenant that has set nothing has what the platform has.
    let elsewhere = json!({ "email": "elsewhere@example.org", "tenant": other.slug });
    assert_eq!(profile(&root.post("/api/users/", elsewhere).await.expect(201)), the_platforms);

    // Who says nothing in the form of the web client says the usual.
    let learner = app.as_role(tenant.id, UserRole::Learner).await;
    let empty = json!({ "profile": {"language": "", "timezone": ""} });
    assert_eq!(profile(&learner.patch("/api/users/me/", empty).await.expect(200)), theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_have_defaults_which_reading_does_not_write() {
    let app = TestApp::start().await;
    let tenant = make::tenant(&app.db).await;
    let admin = app.as_role(tenant.id, UserRole::Admin).await;

    let shown = admin.get("/api/core/settings/").await.expect(200);
    assert_eq!((shown.text("/site_name"), shown.text("/timezone")), (tenant.name.as_str(), "UTC"));
    assert!(app.db.texts("select 'x' as text from tenant_settings").await.is_empty());

    let careful = admin.with("if-match", shown.header("etag"));
    let body = json!({ "site_name": "School", "timezone": "Africa/Nairobi", "support_email": "help@example.org", "logo_url": "" });
    let changed = careful.patch("/api/core/settings/", body).await.expect(200);
    assert_eq!((changed.text("/site_name"), changed.text("/support_email")), ("School", "help@example.org"));
    careful.patch("/api/core/settings/", json!({ "site_name": "x" })).await.expect(412);
    assert_eq!(admin.get("/api/core/settings/").await.expect(200).body, changed.body);
    for body in [
        json!({ "timezone": "Mars" }),
        json!({ "site_name": "" }),
        json!({ "support_email": "nobody" }),
        json!({ "terms_url": "javascript:alert(1)" }),
        json!({ "default_language": "english" }),
        json!({ "smtp_password": "x" }),
    ] {
        admin.patch("/api/core/settings/", body).await.expect(400);
    }
    app.as_role(tenant.id, UserRole::Instructor).await.get("/api/core/settings/").await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_counted_by_itself() {
    let app = TestApp::start().await;
    let (own, other) = (make::tenant(&app.db).await, make::tenant(&app.db).await);
    let admin = app.as_role(own.id, UserRole::Admin).await;
    let learner = app.as_role(own.id, UserRole::Learner).await;
    make::user(other.id).make(&app.db).await;
    admin.delete(&format!("/api/users/{}/", learner.id())).await.expect(204);
    let stats = admin.get(&format!("/api/core/tenants/{}/stats/", own.slug)).await.expect(200);
    assert_eq!(
        stats.body,
        json!({ "total_users": 1, "total_courses": 0, "total_enrollments": 0, "active_users_30d": 0 })
    );
    let root = app.as_superuser().await;
    assert_eq!(root.get(&format!("/api/core/tenants/{}/stats/", other.id)).await.expect(200).body["total_users"], 1);
}
