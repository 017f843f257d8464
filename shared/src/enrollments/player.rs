//! What players of SCORM and H5P packages tell of an item, and how much of it is kept.
//!
//! They are programs of others: their words are held to a type and a length, so that whoever reads
//! the details later finds what the name promises. Other words beside them are kept as they are.

use serde_json::{Map, Value};

use super::EnrollmentError;
use crate::courses::ContentType;

/// What a word may be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// So many characters at most.
    Text(usize),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// From one to another; a text with digits is understood.
    Number(f64, f64),
    Flag,
    /// `PT1H30M`, `01:30:00.5`, or seconds.
    Span,
}

/// SCORM's, of both versions: what is `cmi.core.lesson_status` in the one is `cmi.completion_status`
/// and `cmi.success_status` in the other.
const SCORM: &[(&str, Kind)] = &[
    ("scorm_version", Kind::Text(50)),
    (
        "lesson_status",
        Kind::OneOf(&["passed", "completed", "failed", "incomplete", "browsed", "not attempted", "unknown"]),
    ),
    ("lesson_location", Kind::Text(1_000)),
    ("score_raw", Kind::Number(f64::MIN, f64::MAX)),
    ("score_min", Kind::Number(f64::MIN, f64::MAX)),
    ("score_max", Kind::Number(f64::MIN, f64::MAX)),
    ("score_scaled", Kind::Number(-1.0, 1.0)),
    ("suspend_data", Kind::Text(64_000)),
    ("total_time", Kind::Span),
    ("session_time", Kind::Span),
];

const H5P: &[(&str, Kind)] = &[
    ("h5p_content_id", Kind::Text(255)),
    ("last_verb", Kind::Text(255)),
    ("completion", Kind::Flag),
    ("success", Kind::Flag),
    ("score_raw", Kind::Number(f64::MIN, f64::MAX)),
    ("score_min", Kind::Number(f64::MIN, f64::MAX)),
    ("score_max", Kind::Number(f64::MIN, f64::MAX)),
    ("score_scaled", Kind::Number(-1.0, 1.0)),
    ("duration", Kind::Span),
    ("state", Kind::Text(64_000)),
];

/// The details as they are kept.
pub(super) fn kept_details(
    content_type: ContentType,
    mut details: Map<String, Value>,
) -> Result<Map<String, Value>, EnrollmentError> {
    let words = match content_type {
        ContentType::Scorm => SCORM,
        ContentType::H5p => H5P,
        _ => &[],
    };
    for &(word, kind) in words {
        let Some(told) = details.get_mut(word) else { continue };
        // Null takes a word back.
        if !told.is_null() {
            *told = kept(kind, told).ok_or(EnrollmentError::OddDetail { word, wanted: wanted(kind) })?;
        }
    }
    Ok(details)
}

fn kept(kind: Kind, told: &Value) -> Option<Value> {
    match kind {
        Kind::Text(longest) => {
            let text = match told {
                Value::String(text) => text.clone(),
                // Ids are numbers with some.
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            (text.chars().count() <= longest).then(|| text.into())
        }
        Kind::OneOf(words) => {
            let text = told.as_str()?.to_ascii_lowercase();
            words.contains(&text.as_str()).then(|| text.into())
        }
        Kind::Number(least, most) => {
            let number = told.as_f64().or_else(|| told.as_str()?.trim().parse().ok())?;
            let fits = number.is_finite() && least <= number && number <= most;
            let kept = if told.is_number() { told.clone() } else { number.into() };
            fits.then_some(kept)
        }
        Kind::Flag => told.is_boolean().then(|| told.clone()),
        Kind::Span => {
            let is_span = match told {
                Value::String(text) => is_span(text),
                _ => told.as_f64().is_some_and(|seconds| seconds >= 0.0),
            };
            is_span.then(|| told.clone())
        }
    }
}

fn wanted(kind: Kind) -> String {
    match kind {
        Kind::Text(longest) => format!("a text of {longest} characters at most"),
        Kind::OneOf(words) => format!("one of {}", words.join(", ")),
        Kind::Number(least, most) if least > f64::MIN => format!("a number from {least} to {most}"),
        Kind::Number(..) => "a number".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Span => "a time like PT1H30M or 01:30:00, or seconds".to_owned(),
    }
}

/// Whether it looks like a span of time, of ISO 8601 or with colons.
fn is_span(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_clock = || {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let parts: Vec<_> = whole.split(':').collect();
        parts.len() == 3 && parts.into_iter().all(digits) && digits(fraction)
    };
    let is_iso = || {
        text.strip_prefix('P').is_some_and(|rest| {
            rest.bytes().any(|byte| byte.is_ascii_digit())
                && rest.bytes().all(|byte| byte.is_ascii_digit() || b".YMWDTHS".contains(&byte))
        })
    };
    text.len() <= 40 && (is_clock() || is_iso())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keep(content_type: ContentType, told: Value) -> Option<Value> {
        let Value::Object(details) = told else { panic!("an object") };
        kept_details(content_type, details).ok().map(Value::Object)
    }

    #[test]
    fn what_a_player_means_is_kept() {
        let scorm = json!({
            "scorm_version": "2004", "lesson_status": "incomplete", "lesson_location": "page 7", "score_raw": 80,
            "score_min": 0, "score_max": 100, "suspend_data": "x".repeat(64_000), "total_time": "0001:30:00.25",
        });
        assert_eq!(keep(ContentType::Scorm, scorm.clone()), Some(scorm));
        let h5p = json!({
            "h5p_content_id": "42", "last_verb": "answered", "completion": false, "success": null, "score_raw": 2.5,
            "score_scaled": 0.25, "duration": "PT3M20.5S", "mine": {"any": 1},
        });
        assert_eq!(keep(ContentType::H5p, h5p.clone()), Some(h5p));
        let spelled = keep(ContentType::Scorm, json!({"lesson_status": "Passed", "score_raw": " 80.5"}));
        assert_eq!(spelled, Some(json!({"lesson_status": "passed", "score_raw": 80.5})));
    }

    #[test]
    fn what_is_not_what_its_name_says_is_refused() {
        for (content_type, word, value) in [
            (ContentType::Scorm, "lesson_status", json!("done")),
            (ContentType::Scorm, "lesson_location", json!("x".repeat(1_001))),
            (ContentType::Scorm, "suspend_data", json!("x".repeat(64_001))),
            (ContentType::Scorm, "suspend_data", json!({})),
            (ContentType::Scorm, "score_raw", json!("many")),
            (ContentType::Scorm, "score_raw", json!("NaN")),
            (ContentType::Scorm, "total_time", json!("an hour")),
            (ContentType::Scorm, "total_time", json!(-1)),
            (ContentType::H5p, "score_scaled", json!(1.01)),
            (ContentType::H5p, "completion", json!("yes")),
            (ContentType::H5p, "duration", json!("P")),
        ] {
            assert_eq!(keep(content_type, json!({ word: value })), None, "{word}: {value}");
        }
        let of_others = json!({"suspend_data": 7});
        assert_eq!(keep(ContentType::Video, of_others.clone()), Some(of_others));
    }
}
