//! Reading JSON bodies and query strings, and saying which field is wrong.

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use garde::Validate;
use http_body::Body as _;
use serde::de::DeserializeOwned;

use super::{ApiError, Fields};

/// A JSON body that is what it should be: read, without unknown fields, and valid.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::Refused {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                code: "unsupported_media_type",
                message: "Send JSON, with `Content-Type: application/json`.".to_owned(),
            });
        }
        let bytes = request.extract::<Bytes, _>().await.map_err(too_large)?;
        let value = read(&bytes)?;
        Ok(Self(value))
    }
}

impl<S, T> OptionalFromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    /// None when nothing was sent and nothing was announced.
    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        let is_nothing = !request.headers().contains_key(CONTENT_TYPE) && request.body().is_end_stream();
        if is_nothing { Ok(None) } else { <Self as FromRequest<S>>::from_request(request, state).await.map(Some) }
    }
}

/// A body of comma-separated values, in UTF-8.
#[derive(Debug, Clone)]
pub struct CsvBody(pub String);

impl<S: Send + Sync> FromRequest<S> for CsvBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if kind(request.headers()).as_deref() != Some("text/csv") {
            return Err(ApiError::Refused {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                code: "unsupported_media_type",
                message: "Send the file itself, with `Content-Type: text/csv`.".to_owned(),
            });
        }
        let bytes = request.extract::<Bytes, _>().await.map_err(too_large)?;
        let text = String::from_utf8(bytes.into()).map_err(|_| ApiError::field("", "Send the file in UTF-8."))?;
        if text.contains('\0') {
            return Err(ApiError::field("", "The character U+0000 is not allowed."));
        }
        Ok(Self(text))
    }
}

/// Reads and validates a body.
fn read<T: DeserializeOwned + Validate<Context = ()>>(bytes: &[u8]) -> Result<T, ApiError> {
    refuse_nul(bytes)?;
    // A list would be read as the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(ApiError::field("", "Send a JSON object."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        unreadable(&path, error.inner())
    })?;
    reader.end().map_err(|error| unreadable(".", &error))?;
    value.validate().map_err(|report| {
        let mut fields = Fields::new();
        for (path, error) in report.iter() {
            fields.entry(path.to_string()).or_default().push(error.message().to_owned());
        }
        ApiError::Invalid(fields)
    })?;
    Ok(value)
}

/// PostgreSQL cannot keep U+0000 in a text, and nobody types it.
fn refuse_nul(bytes: &[u8]) -> Result<(), ApiError> {
    let refused = || ApiError::field("", "The character U+0000 is not allowed.");
    if bytes.contains(&0) {
        return Err(refused());
    }
    if !bytes.windows(6).any(|window| window == br"\u0000") {
        return Ok(());
    }
    // Perhaps only the six characters, with an escaped backslash before them: look properly.
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| unreadable(".", &error))?;
    if has_nul(&value) { Err(refused()) } else { Ok(()) }
}

fn has_nul(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(has_nul),
        serde_json::Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Turns serde's words into a field and a sentence.
fn unreadable(path: &str, error: &serde_json::Error) -> ApiError {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let named = message.split('`').nth(1);
    let inside = |name: &str| if path == "." { name.to_owned() } else { format!("{path}.{name}") };
    match named {
        Some(name) if message.starts_with("missing field") => ApiError::field(inside(name), "This field is required."),
        Some(name) if message.starts_with("unknown field") => {
            // With serde's path the unknown field is already the last step.
            let field = if path.ends_with(name) { path.to_owned() } else { inside(name) };
            ApiError::field(field, "There is no such field.")
        }
        _ if path != "." => ApiError::field(path, message),
        _ if error.is_data() => ApiError::field("", message),
        _ => ApiError::Refused {
            status: StatusCode::BAD_REQUEST,
            code: "invalid_json",
            message: format!("The body is not JSON: {message}."),
        },
    }
}

fn too_large(rejection: BytesRejection) -> ApiError {
    let status = rejection.into_response().status();
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::Refused {
            status,
            code: "body_too_large",
            message: "The body is larger than this address takes.".to_owned(),
        }
    } else {
        ApiError::Refused {
            status: StatusCode::BAD_REQUEST,
            code: "body_broken_off",
            message: "The body did not arrive whole.".to_owned(),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    kind(headers)
        .is_some_and(|kind| kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")))
}

/// What a body is said to be, without its parameters.
fn kind(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// A query string. Names that mean nothing here are ignored, as browsers and proxies add some.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        if pairs.clone().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(ApiError::field("", "The character U+0000 is not allowed."));
        }
        // An empty value is how forms say "not chosen".
        let given: Vec<_> = pairs.filter(|(_, value)| !value.is_empty()).collect();
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
        let reader = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(encoded.as_bytes()));
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| {
            let path = error.path().to_string();
            ApiError::field(if path == "." { String::new() } else { path }, error.inner().to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, garde::Validate)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[garde(length(chars, min = 1, max = 5))]
        title: String,
        #[garde(skip)]
        #[serde(default, rename = "order")]
        _order: Option<i32>,
    }

    fn errors(body: &str) -> Fields {
        match read::<Example>(body.as_bytes()) {
            Err(ApiError::Invalid(fields)) => fields,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_mistake_names_its_field() {
        for (body, field) in [
            ("{}", "title"),
            (r#"{"title": 1}"#, "title"),
            (r#"{"title": "a", "colour": 1}"#, "colour"),
            (r#"{"title": "a", "order": "one"}"#, "order"),
            (r#"{"title": ""}"#, "title"),
            (r#"{"title": "abcdef"}"#, "title"),
            ("[]", ""),
            ("{\"title\": \"a\\u0000\"}", ""),
        ] {
            assert!(errors(body).contains_key(field), "{body}: {:?}", errors(body));
        }
    }

    #[test]
    fn what_is_not_json_is_said_to_be_not_json() {
        for body in ["", "{", "{} {}", "nonsense"] {
            let error = read::<Example>(body.as_bytes()).expect_err("not readable");
            assert!(
                matches!(error, ApiError::Refused { code: "invalid_json", .. } | ApiError::Invalid(_)),
                "{body}: {error:?}"
            );
        }
    }

    #[test]
    fn the_six_characters_of_an_escaped_nul_are_a_text_like_any_other() {
        let example: Example = read(r#"{"title": "\\u00"}"#.as_bytes()).expect("a text");
        assert_eq!(example.title, r"\u00");
        assert!(refuse_nul(br#"{"title": "\\u0000"}"#).is_ok());
    }
}
