//! A tenant as large as lists are long.

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, People, results};

/// Courses in all.
const COURSES: usize = 100;
/// Enrollments besides those of the demo.
const ENROLLMENTS: usize = 200;

/// Copies the demo's courses, with their modules and items, until there are a hundred, publishes
/// them and enrolls the learners.
pub(super) async fn fill(api: &Api, people: &People) -> anyhow::Result<()> {
    let models = api.get("/api/courses/", &people.admin).await?;
    let models: Vec<String> = results(&models)?.iter().map(id).collect::<anyhow::Result<_>>()?;
    let mut copies = Vec::new();
    for (number, model) in (models.len()..COURSES).zip(models.iter().cycle()) {
        let title = json!({"title": format!("Course {number}")});
        let copy = post(api, people, &format!("/api/courses/{model}/clone/"), &title).await?;
        let copy = id(&copy)?;
        post(api, people, &format!("/api/courses/{copy}/publish/"), &json!({})).await?;
        copies.push(copy);
    }
    let pairs = copies.iter().flat_map(|course| people.learners.iter().map(move |learner| (course, learner)));
    for (course, learner) in pairs.take(ENROLLMENTS) {
        post(api, people, "/api/enrollments/", &json!({"course": course, "user": learner})).await?;
    }
    Ok(())
}

async fn post(api: &Api, people: &People, path: &str, body: &Value) -> anyhow::Result<Value> {
    api.call(&Method::POST, path, Some(&people.admin), Some(body)).await
}

fn id(row: &Value) -> anyhow::Result<String> {
    Ok(row.get("id").and_then(Value::as_str).context("an id")?.to_owned())
}
