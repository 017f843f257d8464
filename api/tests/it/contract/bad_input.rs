//! Whatever is sent, the answer is a problem that says what is wrong, never a 500, and nothing is
//! half-written.

use axum::http::Method;
use serde_json::{Value, json};
use shared::users::UserRole;
use uuid::Uuid;

use super::operations::{Operation, operations};
use crate::support::{Answer, Client, TestApp};

/// A valid body with one thing changed.
fn broken(operation: &Operation) -> Vec<(String, Vec<u8>)> {
    let Some(valid) = &operation.body else { return Vec::new() };
    let mut bodies: Vec<(String, Vec<u8>)> = vec![
        ("no JSON".to_owned(), b"{".to_vec()),
        ("nothing".to_owned(), Vec::new()),
        ("a list".to_owned(), b"[]".to_vec()),
        ("a text".to_owned(), b"\"x\"".to_vec()),
        ("not UTF-8".to_owned(), vec![b'"', 0xff, b'"']),
        ("10 MiB".to_owned(), vec![b' '; 10 << 20]),
        ("deep".to_owned(), [b"[".repeat(100_000), b"]".repeat(100_000)].concat()),
    ];
    let with = |name: &str, value: Value| {
        let mut body = valid.clone();
        if let Some(object) = body.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
        body.to_string().into_bytes()
    };
    bodies.push(("an unknown field".to_owned(), with("no_such_field", json!(1))));
    let schema = operation.schema.clone().unwrap_or_default();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let kind = property["type"].to_string();
        if !kind.contains("object") && !property["type"].is_null() {
            bodies.push((format!("{name} an object"), with(name, json!({"a": {"b": 1}}))));
        }
        if kind.contains("string") {
            bodies.push((format!("{name} with NUL"), with(name, json!("a\u{0}b"))));
            bodies.push((format!("{name} very long"), with(name, json!("x".repeat(300_000)))));
            bodies.push((format!("{name} a number"), with(name, json!(7))));
        }
        if property["format"] == "date-time" {
            for year in ["-5000", "+200000"] {
                bodies.push((format!("{name} in {year}"), with(name, json!(format!("{year}-01-01T00:00:00Z")))));
            }
        }
        if kind.contains("integer") {
            bodies.push((format!("{name} huge"), with(name, json!(9_223_372_036_854_775_807_i64))));
            bodies.push((format!("{name} negative"), with(name, json!(-2_147_483_648_i64))));
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut body = valid.clone();
        body.as_object_mut().map(|object| object.remove(name));
        bodies.push((format!("without {name}"), body.to_string().into_bytes()));
    }
    bodies
}

/// Everything that the mightiest of a tenant may send to, with ids that exist.
struct World {
    app: TestApp,
    caller: Client,
}

impl World {
    async fn make() -> Self {
        let app = TestApp::start().await;
        let tenant = app.tenant().await;
        let caller = app.as_role(tenant, UserRole::Admin).await;
        Self { app, caller }
    }

    async fn rows(&self) -> String {
        let query = "select coalesce(sum((xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I', relname), false, true, '')))[1]::text::bigint), 0)::text as text
            from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not in ('throttles', 'idempotency_keys', 'job_queues')";
        self.app.db.texts(query).await.concat()
    }
}

fn is_refused(answer: &Answer) -> bool {
    answer.status.is_client_error() && answer.is_problem()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_body_is_refused_by_every_operation() {
    let world = World::make().await;
    let before = world.rows().await;
    let mut tried = 0;
    for operation in operations() {
        let address = operation.address(|_| Uuid::now_v7().to_string());
        for (what, body) in broken(&operation) {
            let answer =
                world.caller.send_bytes(operation.method.clone(), &address, Some("application/json"), body).await;
            assert!(is_refused(&answer), "{operation} with {what}: {} {}", answer.status, answer.body);
            tried += 1;
        }
        if operation.body.is_some() {
            let answer =
                world.caller.send_bytes(operation.method.clone(), &address, Some("text/plain"), b"x".to_vec()).await;
            assert!(is_refused(&answer), "{operation} with a text: {} {}", answer.status, answer.body);
        }
    }
    assert!(tried > 100, "{tried}");
    assert_eq!(world.rows().await, before, "something was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_id_in_an_address_is_one_that_does_not_exist() {
    let world = World::make().await;
    for operation in operations().into_iter().filter(|operation| operation.path.contains('{')) {
        for id in ["x", "%00", "..%2f..%2fetc", "00000000-0000-0000-0000-00000000000g", "%ff", "1%20or%201=1"] {
            let answer = world
                .caller
                .send(operation.method.clone(), &operation.address(|_| id.to_owned()), operation.body.clone())
                .await;
            let status = answer.status.as_u16();
            // An operation that is the platform's alone answers 403 before it looks.
            assert!(
                matches!(status, 404 | 403) && answer.is_problem(),
                "{operation} with {id}: {status} {}",
                answer.body
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_query_strings_never_break_a_list() {
    let world = World::make().await;
    for operation in operations().into_iter().filter(|operation| operation.method == Method::GET) {
        let address = operation.address(|_| Uuid::now_v7().to_string());
        for query in [
            "page=0",
            "page=x",
            "page=99999999999999999999",
            "page_size=0",
            "page_size=100000",
            "page=-1",
            "search=%00",
            "search=%25_%5C",
            "status=nonsense",
            "ordering=nonsense",
            "course=x",
            "user=x",
            "role=x",
            "instructor=x",
            "from=x&to=y",
            "from=-5000-01-01T00:00:00Z",
            "to=%2B200000-01-01T00:00:00Z",
            "from=-5000-01-01&to=%2B200000-01-01",
            "before=-5000-01-01T00:00:00Z",
            "at=-5000-01-01T00:00:00Z",
            "cursor=x",
            "search=%ff",
        ] {
            let answer = world.caller.get(&format!("{address}?{query}")).await;
            let status = answer.status.as_u16();
            let is_told = status < 400 || (status < 500 && answer.is_problem());
            // Whether it is ready is a question with a second to answer it, whatever one asks.
            let ok = is_told || answer.body["code"] == "not_ready";
            assert!(ok, "{operation}?{query}: {} {}", answer.status, answer.body);
        }
    }
}
