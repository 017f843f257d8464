//! The requests whose figures are wanted.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Api, People, results};

/// One request, as each of several people sends it.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// Token and body of each.
    pub(super) calls: Vec<(String, Option<Value>)>,
}

/// What everybody does all day, and what they do while they learn.
pub(super) async fn all(api: &Api, people: &People) -> anyhow::Result<Vec<Scenario>> {
    let reads = |path| Scenario {
        method: Method::GET,
        path,
        calls: people.tokens.iter().map(|token| (token.clone(), None)).collect(),
    };
    let mut progress = Vec::new();
    for token in &people.tokens {
        for item in items_of(api, token).await? {
            let body = json!({"content_item": item, "status": "in_progress"});
            progress.push((token.clone(), Some(body)));
        }
    }
    Ok(vec![
        reads("/api/users/me/"),
        reads("/api/courses/"),
        Scenario { method: Method::POST, path: "/api/progress/", calls: progress },
    ])
}

/// The items of a course that somebody has not finished, a handful: as many rows as the load
/// spreads over.
async fn items_of(api: &Api, token: &str) -> anyhow::Result<Vec<Value>> {
    let enrollments = api.get("/api/enrollments/my/?status=active", token).await?;
    let Some(course) = enrollments.pointer("/results/0/course/id").and_then(Value::as_str) else {
        return Ok(Vec::new());
    };
    let modules = api.get(&format!("/api/courses/{course}/modules/"), token).await?;
    let items = results(&modules)?.iter().filter_map(|module| module.get("content_items")?.as_array()).flatten();
    Ok(items.filter_map(|item| item.get("id").cloned()).collect())
}
