//! The operations of the OpenAPI document, and a body that each would accept.

use axum::http::Method;
use serde_json::{Map, Value, json};

use api::openapi;

/// An operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The names that it understands in a query.
    pub(crate) queries: Vec<String>,
    /// Nobody needs to be signed in.
    pub(super) is_open: bool,
    /// A body that is valid as far as the document says; none when it takes none.
    pub(super) body: Option<Value>,
    /// The schema of the body.
    pub(super) schema: Option<Value>,
    /// The fields of the body that name something by its id, and whether each names many.
    pub(super) id_fields: Vec<(String, bool)>,
    /// The parameters of the query that do.
    pub(super) id_queries: Vec<String>,
    pub(super) answers: Vec<String>,
    pub(super) id: String,
    pub(super) has_description: bool,
}

impl Operation {
    /// The names of what stands in the path.
    pub(crate) fn parameters(&self) -> Vec<&str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
    }

    /// The path, with each parameter replaced.
    pub(crate) fn address(&self, mut replace: impl FnMut(&str) -> String) -> String {
        self.parameters()
            .iter()
            .fold(self.path.clone(), |path, name| path.replace(&format!("{{{name}}}"), &replace(name)))
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// All operations, by path.
pub(crate) fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(openapi::document()).expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let content = &operation["requestBody"]["content"];
            let schema = content["application/json"].get("schema").map(|schema| resolved(&document, schema));
            found.push(Operation {
                method,
                path: path.clone(),
                queries: queries(operation),
                is_open: operation["security"].as_array().is_none_or(|any| any.contains(&json!({}))),
                body: content["application/json"].get("schema").map(|schema| example(&document, schema, 0)),
                id_fields: schema.as_ref().map(|schema| id_fields(&document, schema)).unwrap_or_default(),
                id_queries: id_queries(&document, operation),
                schema,
                answers: operation["responses"]
                    .as_object()
                    .map(|all| all.keys().cloned().collect())
                    .unwrap_or_default(),
                id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                has_description: operation["summary"].is_string() || operation["description"].is_string(),
            });
        }
    }
    found.sort_by_key(|operation| (operation.path.clone(), operation.method.to_string()));
    assert!(found.len() > 5, "the document lists {} operations", found.len());
    found
}

fn queries(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let queries = parameters.filter(|parameter| parameter["in"] == "query");
    queries.filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned())).collect()
}

fn resolved(document: &Value, schema: &Value) -> Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).cloned().unwrap_or(Value::Null),
        None => schema.clone(),
    }
}

/// Whether a schema is that of an id, or of many.
fn ids(document: &Value, schema: &Value) -> Option<bool> {
    let schema = resolved(document, schema);
    if schema["format"] == "uuid" {
        return Some(false);
    }
    if schema["items"].is_object() && ids(document, &schema["items"]).is_some() {
        return Some(true);
    }
    ["oneOf", "anyOf", "allOf"]
        .iter()
        .find_map(|choice| schema[choice].as_array()?.iter().find_map(|option| ids(document, option)))
}

/// Courses are named by their id or their slug, which is a text; and what a filter names may be a word
/// such as `me`.
const NAMED_BY_TEXT: [&str; 8] =
    ["course", "course_id", "target_course", "prerequisite_course", "user", "instructor", "folder", "group"];

fn id_fields(document: &Value, schema: &Value) -> Vec<(String, bool)> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let named = properties.filter_map(|(name, property)| {
        let many = ids(document, property).or(NAMED_BY_TEXT.contains(&name.as_str()).then_some(false))?;
        Some((name.clone(), many))
    });
    named.collect()
}

fn id_queries(document: &Value, operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let named = parameters.filter(|it| it["in"] == "query").filter_map(|it| {
        let name = it["name"].as_str()?;
        (NAMED_BY_TEXT.contains(&name) || ids(document, &it["schema"]).is_some()).then(|| name.to_owned())
    });
    named.collect()
}

/// A value that the schema allows: its example, or one made up from its types.
fn example(document: &Value, schema: &Value, depth: usize) -> Value {
    let schema = resolved(document, schema);
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return example.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(options) = schema[choice].as_array() {
            let option = options.iter().find(|option| option["type"] != "null");
            return option.map_or(Value::Null, |option| example(document, option, depth + 1));
        }
    }
    let kind = schema["type"]
        .as_str()
        .or_else(|| schema["type"].as_array()?.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")));
    match kind {
        Some("string") => json!(match schema["format"].as_str() {
            Some("uuid") => "01935b7e-2c1f-7d3a-8f60-0242ac120002",
            Some("date-time") => "2026-01-05T09:00:00Z",
            Some("date") => "2026-01-05",
            Some("email") => "somebody.new@example.org",
            Some("uri") => "https://example.org/",
            _ => "text",
        }),
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(1)),
        Some("number") => json!(1.0),
        Some("boolean") => json!(true),
        Some("array") if depth < 6 => json!([example(document, &schema["items"], depth + 1)]),
        Some("array") => json!([]),
        _ => object(document, &schema, depth),
    }
}

fn object(document: &Value, schema: &Value, depth: usize) -> Value {
    let mut made = Map::new();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if required.contains(&name.as_str()) && depth < 6 {
            made.insert(name.clone(), example(document, property, depth + 1));
        }
    }
    Value::Object(made)
}
