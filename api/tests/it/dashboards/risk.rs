//! Learners who may be lost, and who is counted at all.

use serde_json::{Value, json};
use shared::enrollments::EnrollmentStatus;
use shared::testing::make;
use shared::users::UserStatus;

use super::{Class, change, days_ago, each, enroll};

#[tokio::test(flavor = "multi_thread")]
async fn learners_are_at_risk_who_are_idle_for_a_week_or_have_hardly_begun_after_two() {
    let class = Class::start().await;
    for (name, begun, step, progress) in [
        ("Ann", 15, Some(0), 19),
        ("Bob", 30, Some(7), 50),
        ("Cid", 30, Some(14), 10),
        ("Dan", 13, Some(6), 19),
        ("Eve", 14, Some(0), 20),
        ("Fay", 8, None, 0),
    ] {
        let (_, enrollment) = class.learner(name, begun).await;
        let step = step.map_or_else(|| "null".to_owned(), |days| format!("'{}'", days_ago(days)));
        let set = format!("update enrollments set progress = {progress}, last_step_at = {step}, updated_at = now()");
        change(&class.app, &format!("{set} where id = '{}'", enrollment.id)).await;
    }
    // Waited for three weeks, and was let in yesterday.
    let late = make::user(class.tenant).name("Gus", "").make(&class.app.db).await;
    let let_in = enroll(&late, 21, &class.course).but(|it| it.started_at = Some(days_ago(1)));
    let_in.make(&class.app.db).await;

    let dashboard = class.dashboard().await;

    let told = |it: &Value| {
        let figures = ["studentName", "riskLevel", "daysInactive", "progress"].map(|key| it[key].clone());
        json!([figures, each(&it["riskFactors"], "type")])
    };
    let told: Vec<_> = dashboard["atRiskStudents"].as_array().expect("a list").iter().map(told).collect();
    let expected = [
        json!([["Cid", "high", 14, 10], ["long_inactive", "low_progress"]]),
        json!([["Fay", "medium", 8, 0], ["inactive"]]),
        json!([["Bob", "medium", 7, 50], ["inactive"]]),
        json!([["Ann", "medium", 0, 19], ["low_progress"]]),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_come_in_any_more_is_counted_with_what_was_and_not_with_what_is() {
    let class = Class::start().await;
    let db = &class.app.db;
    let ends = |days: i64| move |it: &mut shared::enrollments::Enrollment| it.expires_at = Some(days_ago(-days));
    let person = |name: &str, status| make::user(class.tenant).name(name, "").status(status);
    for (days, name, status) in [
        (1, "Deleted", UserStatus::Deleted),
        (2, "Suspended", UserStatus::Suspended),
        (3, "Invited", UserStatus::Invited),
        (4, "Off", UserStatus::Active),
        (5, "Here", UserStatus::Active),
    ] {
        let user = person(name, status).make(db).await;
        if name == "Off" {
            change(&class.app, &format!("update users set is_active = false where id = '{}'", user.id)).await;
        }
        let enrollment = enroll(&user, 20, &class.course).but(ends(days)).make(db).await;
        let finished = make::completed_item(db, &enrollment, &class.course.items[0]).await;
        let step = format!("update enrollments set last_step_at = '{}' where id = '{}'", days_ago(16), enrollment.id);
        change(&class.app, &step).await;
        let at = days_ago(16);
        let row = format!("update learner_progress set updated_at = '{at}', completed_at = '{at}' where id");
        change(&class.app, &format!("{row} = '{}'", finished.id)).await;
    }
    let gone = person("Gone", UserStatus::Deleted).make(db).await;
    enroll(&gone, 40, &class.course).status(EnrollmentStatus::Completed).make(db).await;
    // Nobody is left in this one.
    let deserted = make::course(class.tenant)
        .title("Deserted")
        .owned_by(&class.owner)
        .published()
        .with_modules(1, 1)
        .make(db)
        .await;
    let enrollment = enroll(&gone, 40, &deserted).make(db).await;
    make::completed_item(db, &enrollment, &deserted.items[0]).await;
    change(
        &class.app,
        &format!("update enrollments set last_step_at = '{}' where id = '{}'", days_ago(1), enrollment.id),
    )
    .await;

    let body = class.dashboard().await;

    let figures = ["totalEnrollments", "activeEnrollments", "activeStudents", "avgCompletionRate"];
    // One of six in the one course, none of one in the other.
    assert_eq!(figures.map(|figure| body[figure].clone()), [json!(7), json!(1), json!(1), json!(8.4)]);
    assert_eq!(each(&body["atRiskStudents"], "studentName"), ["Here"]);
    assert_eq!(each(&body["upcomingDeadlines"], "title"), ["Access of Here ends"]);
    assert_eq!(body["topStudents"], json!([]), "the one who finished something this week is gone");
    let needy = body["coursesNeedingAttention"].as_array().expect("a list");
    let needy: Vec<_> = needy.iter().map(|it| (it["activeEnrollments"].clone(), each(&it["issues"], "type"))).collect();
    let expected = [
        (json!(0), vec!["low_enrollment".to_owned()]),
        (json!(1), vec!["stagnant_engagement".to_owned(), "low_completion".to_owned()]),
    ];
    assert_eq!(needy, expected);
    // What has happened stays.
    assert_eq!(body["recentActivity"].as_array().map(Vec::len), Some(6));
}
