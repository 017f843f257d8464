//! A tenant's own words for its mails.

use serde_json::json;
use shared::users::UserRole;

use crate::support::TestApp;

const ALL: &str = "/api/notifications/email-templates/";

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_words_its_mails_and_goes_back() {
    let app = TestApp::start().await;
    let admin = app.as_role(app.tenant().await, UserRole::Admin).await;
    let elsewhere = app.as_role(app.tenant().await, UserRole::Admin).await;
    let address = format!("{ALL}course_completion/");
    let list = admin.get(&format!("{ALL}?page_size=200")).await.expect(200);
    assert!(list.results().len() > 10 && list.results().iter().all(|one| one["is_customised"] == false));
    let built_in = admin.get(&address).await.expect(200);
    let known = built_in.body["variables"].as_array().expect("names");
    for name in ["course_title", "link", "recipient_name", "tenant_name"] {
        assert!(known.contains(&json!(name)), "{name}");
    }

    let own = json!({"subject": "Bravo, {{ recipient_name }}!", "html": "<p>{{ course_title }}</p>"});
    for _ in 0..2 {
        let kept = admin.put(&address, own.clone()).await.expect(200);
        assert_eq!((&kept.body["is_customised"], &kept.body["text"]), (&json!(true), &json!(null)));
        assert_eq!(kept.body["subject"], own["subject"]);
    }
    assert_eq!(admin.get(&address).await.expect(200).body["html"], own["html"]);
    assert_eq!(elsewhere.get(&address).await.expect(200).body["is_customised"], false);

    for _ in 0..2 {
        admin.delete(&address).await.expect(204);
    }
    assert_eq!(admin.get(&address).await.expect(200).body, built_in.body);
    for nobody in ["digest", "layout", "no_such_mail"] {
        admin.get(&format!("{ALL}{nobody}/")).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_mail_and_keeps_nothing() {
    let app = TestApp::start().await;
    let admin = app.as_role(app.tenant().await, UserRole::Admin).await;
    let address = format!("{ALL}announcement/preview/");
    let words = json!({
        "subject": "News:\r\nBcc: all@example.org {{ title }}",
        "html": "<script>x</script><p>{{ message }}</p>",
    });

    let shown = admin.post(&address, words).await.expect(200);

    assert!(!shown.text("/subject").contains(['\r', '\n']), "{}", shown.body);
    assert!(shown.text("/html").contains("between two and four") && !shown.text("/html").contains("<script"));
    assert!(shown.text("/text").starts_with("Hello Alice Williams,"), "a part that is left out is the built-in one");
    assert_eq!(admin.get(&format!("{ALL}announcement/")).await.expect(200).body["is_customised"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_more_than_names_are_refused_part_by_part() {
    let app = TestApp::start().await;
    let admin = app.as_role(app.tenant().await, UserRole::Admin).await;
    let words = json!({"subject": "{{ 7*7 }}", "text": "{% for x in y %}", "html": "{{ password }}"});
    for (method, path) in [("PUT", "course_completion/"), ("POST", "course_completion/preview/")] {
        let method = method.parse().expect("a method");
        let answer = admin.send(method, &format!("{ALL}{path}"), Some(words.clone())).await.expect(400);
        for part in ["subject", "text", "html"] {
            assert!(answer.body["errors"].get(part).is_some(), "{part}: {}", answer.body);
        }
    }
    let long = json!({"html": "x".repeat(50_001)});
    admin.put(&format!("{ALL}course_completion/"), long).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_word_mails() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for role in [UserRole::Learner, UserRole::Instructor] {
        app.as_role(tenant, role).await.get(ALL).await.expect(403);
    }
}
