//! An id of another tenant in a body or a query is like one that nobody has: the answer is the same, and
//! nothing comes to hold it.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};
use shared::testing::TestDb;
use shared::users::UserRole;
use uuid::Uuid;

use super::isolation::{everything_of, ids_of, two_schools};
use super::operations::{Operation, operations};
use crate::support::{Answer, Client};

/// Whose ids stand in fields and parameters of these names.
const KINDS: &[(&str, &str)] = &[
    ("actor", "user"),
    ("content_item", "content_item"),
    ("content_item_id", "content_item"),
    ("content_items", "content_item"),
    ("course", "course"),
    ("course_id", "course"),
    ("file", "file"),
    ("file_id", "file"),
    ("folder", "folder"),
    ("folder_id", "folder"),
    ("group", "group"),
    ("ids", "job"),
    ("instructor", "user"),
    ("instructor_id", "user"),
    ("member_ids", "user"),
    ("module", "module"),
    ("module_id", "module"),
    ("modules", "module"),
    ("parent_id", "folder"),
    ("parent_reply", "reply"),
    ("prerequisite_course", "course"),
    ("prerequisite_module", "module"),
    ("target_course", "course"),
    ("target_group", "group"),
    ("target_user_ids", "user"),
    ("tenant", "tenant"),
    ("thread", "thread"),
    ("thread_id", "thread"),
    ("uploaded_by", "user"),
    ("user", "user"),
    ("user_ids", "user"),
];

type Ids = BTreeMap<&'static str, String>;

/// One of these ids that fits a field.
fn fitting(ids: &Ids, operation: &Operation, name: &str) -> String {
    let kind = KINDS.iter().find(|(field, _)| *field == name);
    let (_, kind) = kind.unwrap_or_else(|| panic!("{operation}: whose ids stand in {name}?"));
    ids[kind].clone()
}

/// A valid body of one's own ids, but for one field.
fn body(operation: &Operation, own: &Ids, field: &str, id: &str) -> Value {
    let mut body = operation.body.clone().unwrap_or_else(|| json!({}));
    let Some(object) = body.as_object_mut() else { return body };
    for (name, is_many) in &operation.id_fields {
        let id = if name == field { id.to_owned() } else { fitting(own, operation, name) };
        if name == field || object.contains_key(name) {
            object.insert(name.clone(), if *is_many { json!([id]) } else { json!(id) });
        }
    }
    // Whoever names a course or a group means to write to it.
    let target = match field {
        "target_course" => Some("COURSE_ENROLLED"),
        "target_group" => Some("GROUP"),
        "target_user_ids" => Some("SPECIFIC_USERS"),
        _ => None,
    };
    if let Some(target) = target {
        object.insert("target_type".to_owned(), json!(target));
    }
    body
}

/// What an answer tells, without the id that was asked about.
fn told(answer: &Answer, id: &str) -> String {
    let parts = ["code", "detail", "errors", "count", "results"].map(|part| answer.body[part].to_string());
    format!("{} {}", answer.status, parts.join(" ")).replace(id, "the id")
}

async fn ask(caller: &Client, operation: &Operation, own: &Ids, field: &str, id: &str) -> String {
    let address = operation.address(|name| own[name].clone());
    let answer = caller.send(operation.method.clone(), &address, Some(body(operation, own, field, id))).await;
    assert!(answer.status.as_u16() < 500, "{operation} with {field}: {} {}", answer.status, answer.body);
    told(&answer, id)
}

async fn look(caller: &Client, operation: &Operation, own: &Ids, parameter: &str, id: &str) -> String {
    let address = operation.address(|name| own[name].clone());
    let answer = caller.get(&format!("{address}?{parameter}={id}")).await;
    assert!(answer.status.as_u16() < 500, "{operation}?{parameter}: {} {}", answer.status, answer.body);
    told(&answer, id)
}

/// The tables in which this tenant has one of the ids.
async fn holders(db: &TestDb, tenant: &str, ids: &Ids) -> Vec<String> {
    let tables = db
        .texts(
            "select c.relname::text as text from pg_class c
             join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
             where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace",
        )
        .await;
    let ids = ids.values().filter(|id| id.parse::<Uuid>().is_ok()).cloned().collect::<Vec<_>>().join("|");
    let mut holders = Vec::new();
    for table in tables {
        let query = format!("select t::text as text from {table} t where tenant_id = '{tenant}' and t::text ~ '{ids}'");
        holders.extend(db.texts(&query).await.into_iter().map(|row| format!("{table}: {row}")));
    }
    holders
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_ids_in_bodies_and_queries_are_like_those_that_nobody_has() {
    let (app, [ours, theirs]) = two_schools().await;
    let (own, foreign) = (ids_of(&app.db, ours).await, ids_of(&app.db, theirs).await);
    let before = everything_of(&app.db, theirs).await;
    let mut tried = 0;
    for role in [UserRole::Learner, UserRole::Instructor, UserRole::Admin] {
        let caller = app.as_role(ours, role).await;
        for operation in operations().into_iter().filter(|operation| !operation.is_open) {
            for (field, _) in &operation.id_fields {
                let (theirs, nobodys) = (fitting(&foreign, &operation, field), Uuid::now_v7().to_string());
                let theirs = ask(&caller, &operation, &own, field, &theirs).await;
                let nobodys = ask(&caller, &operation, &own, field, &nobodys).await;
                assert_eq!(theirs, nobodys, "{role} {operation} tells by {field} that the id exists");
                tried += 1;
            }
            for parameter in operation.id_queries.iter().filter(|_| operation.method == Method::GET) {
                let (theirs, nobodys) = (fitting(&foreign, &operation, parameter), Uuid::now_v7().to_string());
                let theirs = look(&caller, &operation, &own, parameter, &theirs).await;
                let nobodys = look(&caller, &operation, &own, parameter, &nobodys).await;
                assert_eq!(theirs, nobodys, "{role} {operation}?{parameter} tells that the id exists");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "only {tried} calls were tried");
    assert_eq!(holders(&app.db, &ours.to_string(), &foreign).await, Vec::<String>::new(), "ours hold theirs");
    assert_eq!(everything_of(&app.db, theirs).await, before, "something of the other tenant has changed");
}
