//! What players of SCORM and H5P tell, and what they are given back.

use serde_json::{Value, json};
use shared::courses::ContentType;
use shared::testing::make;
use shared::users::UserRole;

use crate::courses::School;
use crate::support::Answer;

/// A learner in a course with a package of SCORM, one of H5P and a text.
struct Player {
    school: School,
    scorm: String,
    h5p: String,
    text: String,
}

impl Player {
    async fn start() -> Self {
        let school = School::start().await;
        let db = &school.app.db;
        let course = make::course(school.tenant).published().with_modules(1, 1).make(db).await;
        make::enrollment(school.learner.user.as_ref().expect("somebody"), &course).make(db).await;
        let package = async |number, content_type| {
            let item = make::item(&course.modules[0], number).but(|item| item.content_type = content_type);
            item.make(db).await.id.to_string()
        };
        let scorm = package(2, ContentType::Scorm).await;
        let h5p = package(3, ContentType::H5p).await;
        let text = course.items[0].id.to_string();
        Self { school, scorm, h5p, text }
    }

    async fn tell(&self, item: &str, details: Value) -> Answer {
        let body = json!({"content_item": item, "status": "IN_PROGRESS", "progress_details": details});
        self.school.learner.post("/api/progress/", body).await
    }

    async fn say(&self, statement: Value) -> Answer {
        self.school.learner.post(&format!("/api/progress/{}/statements/", self.h5p), statement).await
    }

    async fn shown(&self, item: &str) -> Value {
        self.school.learner.get(&format!("/api/progress/{item}/")).await.expect(200).body
    }
}

fn verb(name: &str) -> Value {
    json!({"id": format!("http://adlnet.gov/expapi/verbs/{name}"), "display": {"en-US": name}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_of_scorm_goes_on_where_it_was() {
    let player = Player::start().await;
    let before = player.shown(&player.scorm).await;
    assert_eq!((&before["status"], &before["progress_details"]), (&json!("NOT_STARTED"), &json!({})));
    let told = json!({
        "scorm_version": "1.2", "lesson_status": "incomplete", "lesson_location": "slide-7", "score_raw": "80",
        "score_min": 0, "score_max": 100, "suspend_data": "a=1;b=\"2\"", "total_time": "0000:12:30.50",
    });
    player.tell(&player.scorm, told).await.expect(200);

    player.tell(&player.scorm, json!({"lesson_location": "slide-8"})).await.expect(200);

    let after = player.shown(&player.scorm).await;
    assert_eq!(after["status"], "IN_PROGRESS");
    assert_eq!(
        after["progress_details"],
        json!({
            "scorm_version": "1.2", "lesson_status": "incomplete", "lesson_location": "slide-8", "score_raw": 80.0,
            "score_min": 0, "score_max": 100, "suspend_data": "a=1;b=\"2\"", "total_time": "0000:12:30.50",
        })
    );
    let colleague = player.school.app.as_role(player.school.tenant, UserRole::Learner).await;
    colleague.get(&format!("/api/progress/{}/", player.scorm)).await.expect(403);
    let nowhere = format!("/api/progress/{}/", uuid::Uuid::now_v7());
    player.school.learner.get(&nowhere).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_tells_what_its_words_promise_and_not_too_much() {
    let player = Player::start().await;
    for (item, word, value) in [
        (&player.scorm, "lesson_status", json!("finished")),
        (&player.scorm, "lesson_location", json!("x".repeat(1_001))),
        (&player.scorm, "suspend_data", json!("x".repeat(64_001))),
        (&player.scorm, "total_time", json!("soon")),
        (&player.h5p, "score_scaled", json!(2)),
        (&player.h5p, "completion", json!("yes")),
    ] {
        let refused = player.tell(item, json!({ word: value })).await.expect(400);
        assert!(refused.body["errors"][format!("progress_details.{word}")].is_array(), "{}", refused.body);
    }
    assert_eq!(player.shown(&player.scorm).await["status"], "NOT_STARTED", "nothing of it is kept");
    player.tell(&player.scorm, json!({"suspend_data": "x".repeat(64_000)})).await.expect(200);
    player.tell(&player.text, json!({"lesson_status": "finished"})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_of_xapi_begin_and_finish_an_item() {
    let player = Player::start().await;
    let part = json!({
        "verb": verb("completed"), "result": {"completion": true, "score": {"raw": 1, "max": 1}},
        "context": {"contextActivities": {"parent": [{"id": "https://e.org/42"}]}},
    });

    let answer = player.say(part).await.expect(200);

    assert_eq!(answer.body["status"], "IN_PROGRESS", "a part is not the whole");
    assert_eq!(answer.body["progress_details"], json!({"last_verb": "completed"}));
    let whole = json!({
        "id": "0192f3a4-1111-7000-8000-000000000001", "actor": {"mbox": "mailto:somebody@else.org"},
        "object": {"id": "https://e.org/42"}, "verb": verb("answered"),
        "result": {"completion": true, "success": false, "duration": "PT3M20.5S",
                   "score": {"raw": 2, "min": 0, "max": 5, "scaled": 0.4}},
        "context": {"contextActivities": {"category": [{"id": "http://h5p.org/libraries/H5P.Column-1.0"}]}},
    });
    player.say(whole).await.expect(200);
    let shown = player.shown(&player.h5p).await;
    assert_eq!(shown["status"], "COMPLETED");
    assert_eq!(
        shown["progress_details"],
        json!({"last_verb": "answered", "completion": true, "success": false, "score_raw": 2.0, "score_min": 0.0,
               "score_max": 5.0, "score_scaled": 0.4, "duration": "PT3M20.5S"})
    );
    for odd in [json!({"verb": {}}), json!({}), json!({"verb": verb("x"), "result": {"score": {"scaled": 7}}})] {
        player.say(odd).await.expect(400);
    }
    let nowhere = format!("/api/progress/{}/statements/", uuid::Uuid::now_v7());
    player.school.learner.post(&nowhere, json!({"verb": verb("completed")})).await.expect(404);
}
