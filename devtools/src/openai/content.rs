//! What the service says: made from the question alone, so that a test can expect it.

#![expect(clippy::indexing_slicing, reason = "a missing member of a JSON value reads as null")]

use serde_json::{Map, Value, json};

/// The answer to a conversation: JSON in the asked form, or prose.
pub(super) fn answer(question: &str, response_format: &Value) -> String {
    match response_format["type"].as_str() {
        Some("json_schema") => example(&response_format["json_schema"]["schema"], question).to_string(),
        Some("json_object") => json!({ "answer": prose(question) }).to_string(),
        _ => prose(question),
    }
}

fn prose(question: &str) -> String {
    let topic: Vec<_> = question.split_whitespace().take(12).collect();
    format!(
        "[demo {fingerprint:08x}] About \u{201c}{topic}\u{201d}: first, what it is; second, why it \
         matters; third, how to use it. This text was made without a language model.",
        fingerprint = fingerprint(question) >> 32,
        topic = topic.join(" "),
    )
}

/// The smallest value that a JSON schema admits, as far as OpenAI's structured output needs it.
fn example(schema: &Value, question: &str) -> Value {
    if let Some(first) = schema["enum"].get(0).or_else(|| schema.get("const")) {
        return first.clone();
    }
    if let Some(first) = schema["anyOf"].get(0) {
        return example(first, question);
    }
    // A type may be a list, as in `["string", "null"]`.
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let members: Map<_, _> = properties
                .map(|(name, schema)| (name.clone(), example(schema, &format!("{name}: {question}"))))
                .collect();
            Value::Object(members)
        }
        Some("array") => {
            let length = schema["minItems"].as_u64().unwrap_or(2).max(1);
            (1..=length).map(|n| example(&schema["items"], &format!("{n}. {question}"))).collect()
        }
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        _ => Value::String(prose(question)),
    }
}

/// About what OpenAI would count: four characters a token in English.
pub(super) fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// A unit vector in which texts that share words lie near each other.
pub(super) fn embedding(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0_f32; dimensions];
    for word in text.split(|character: char| !character.is_alphanumeric()) {
        let hash = fingerprint(&word.to_lowercase());
        let slots = u64::try_from(dimensions).unwrap_or(u64::MAX).max(1);
        let slot = usize::try_from(hash % slots).unwrap_or_default();
        if let Some(value) = vector.get_mut(slot) {
            *value += if hash >> 63 == 0 { 1.0 } else { -1.0 };
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        for value in &mut vector {
            *value /= length;
        }
    }
    vector
}

/// FNV-1a, which unlike the standard library's hasher is the same in every version.
pub(super) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
