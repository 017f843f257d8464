//! What each kind of item says of itself to its player.

use std::fmt;

use serde::de::{Error, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::ContentType;

/// Why an item's metadata is not what its kind has. For people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MetadataError(String);

/// Refuses what an item of this kind does not say of itself.
pub(super) fn check(kind: ContentType, metadata: &Value) -> Result<(), MetadataError> {
    match kind {
        ContentType::Text => read::<Text>(metadata),
        ContentType::Document => read::<Document>(metadata),
        ContentType::Image => read::<Image>(metadata),
        ContentType::Video => read::<Video>(metadata),
        ContentType::Audio => read::<Audio>(metadata),
        ContentType::Url => read::<Link>(metadata),
        ContentType::H5p => read::<H5p>(metadata),
        ContentType::Scorm => read::<Scorm>(metadata),
        ContentType::Quiz => read::<Quiz>(metadata),
    }
}

fn read<'de, T: Deserialize<'de>>(metadata: &'de Value) -> Result<(), MetadataError> {
    T::deserialize(metadata.into_deserializer()).map(|_| ()).map_err(|error| MetadataError(error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `format` and `reading_minutes`")]
struct Text {
    #[serde(rename = "format")]
    _format: Option<TextFormat>,
    #[serde(rename = "reading_minutes")]
    _reading_minutes: Option<Limited<10_000>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum TextFormat {
    Markdown,
    Html,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "pages")]
    _pages: Option<Limited<100_000>>,
    #[serde(rename = "can_download")]
    _can_download: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    #[serde(rename = "alt_text")]
    _alt_text: Option<Short>,
    #[serde(rename = "caption")]
    _caption: Option<Short>,
    #[serde(rename = "width")]
    _width: Option<Limited<100_000>>,
    #[serde(rename = "height")]
    _height: Option<Limited<100_000>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Video {
    #[serde(rename = "duration_seconds")]
    _duration_seconds: Option<Limited<1_000_000>>,
    #[serde(rename = "poster_url")]
    _poster_url: Option<Address>,
    #[serde(rename = "transcript")]
    _transcript: Option<Long>,
    #[serde(rename = "captions")]
    _captions: Option<Vec<Captions>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Captions {
    #[serde(rename = "language")]
    _language: Short,
    #[serde(rename = "url")]
    _url: Address,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Audio {
    #[serde(rename = "duration_seconds")]
    _duration_seconds: Option<Limited<1_000_000>>,
    #[serde(rename = "transcript")]
    _transcript: Option<Long>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    #[serde(rename = "opens_in")]
    _opens_in: Option<OpensIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum OpensIn {
    Frame,
    Tab,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct H5p {
    #[serde(rename = "h5p_content_id")]
    _content_id: Option<Short>,
    #[serde(rename = "library")]
    _library: Option<Short>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scorm {
    #[serde(rename = "scorm_version")]
    _version: Option<ScormVersion>,
    #[serde(rename = "entry_point")]
    _entry_point: Option<InPackage>,
    #[serde(rename = "mastery_score")]
    _mastery_score: Option<Limited<100>>,
}

#[derive(Deserialize)]
enum ScormVersion {
    #[serde(rename = "1.2")]
    OneTwo,
    #[serde(rename = "2004")]
    TwentyOhFour,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Quiz {
    #[serde(rename = "assessment_id")]
    _assessment_id: Option<Uuid>,
}

/// A whole number from 0.
struct Limited<const MOST: u32>;

impl<'de, const MOST: u32> Deserialize<'de> for Limited<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            number if number <= MOST => Ok(Self),
            number => Err(D::Error::custom(format_args!("{number} is more than {MOST}"))),
        }
    }
}

/// A text of limited length.
struct Limit<const MOST: usize>;
type Short = Limit<1_000>;
type Long = Limit<50_000>;

impl<'de, const MOST: usize> Deserialize<'de> for Limit<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.chars().count() <= MOST { Ok(Self) } else { Err(too_long(MOST)) }
    }
}

fn too_long<E: Error>(most: impl fmt::Display) -> E {
    E::custom(format_args!("a text has {most} characters at most here"))
}

/// An address that a browser follows.
struct Address;

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        url.map(|_| Self).ok_or_else(|| D::Error::custom("an address begins with http:// or https://"))
    }
}

/// A file inside a package, which leads nowhere else.
struct InPackage;

impl<'de> Deserialize<'de> for InPackage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        let inside = !path.is_empty()
            && path.len() <= 1_000
            && !path.contains([':', '\\'])
            && path.split('/').all(|step| !step.is_empty() && step != "." && step != "..");
        if inside { Ok(Self) } else { Err(D::Error::custom("a path inside the package, such as index.html")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_has_its_own_words() {
        for (kind, metadata) in [
            (ContentType::Text, json!({"format": "markdown", "reading_minutes": 5})),
            (ContentType::Document, json!({"pages": 12, "can_download": false})),
            (ContentType::Image, json!({"alt_text": "A cat", "width": 640, "height": 480})),
            (
                ContentType::Video,
                json!({"duration_seconds": 90, "captions": [{"language": "en", "url": "https://e.org/a.vtt"}]}),
            ),
            (ContentType::Audio, json!({"duration_seconds": 90, "transcript": "…"})),
            (ContentType::Url, json!({"opens_in": "tab"})),
            (ContentType::H5p, json!({"h5p_content_id": "42", "library": "H5P.Dialogcards"})),
            (ContentType::Scorm, json!({"scorm_version": "1.2", "entry_point": "a/index.html", "mastery_score": 80})),
            (ContentType::Quiz, json!({"assessment_id": "01935b7e-2c1f-7d3a-8f60-0242ac120002"})),
        ] {
            assert_eq!(check(kind, &metadata), Ok(()), "{kind}: {metadata}");
            assert_eq!(check(kind, &json!({})), Ok(()), "{kind} may say nothing");
            assert!(check(kind, &json!({"colour": "red"})).is_err(), "{kind} has no colour");
            for other in ContentType::ALL.iter().filter(|other| **other != kind && !both_last(kind, **other)) {
                assert!(check(*other, &metadata).is_err(), "{other} took {metadata}");
            }
        }
    }

    /// A film has all the words that a sound has, but the sound of the example has a transcript, too.
    fn both_last(kind: ContentType, other: ContentType) -> bool {
        kind == ContentType::Audio && other == ContentType::Video
    }

    #[test]
    fn what_is_not_what_it_says_is_refused() {
        for (kind, metadata) in [
            (ContentType::Video, json!({"duration_seconds": -1})),
            (ContentType::Video, json!({"duration_seconds": "90"})),
            (ContentType::Video, json!({"poster_url": "javascript:alert(1)"})),
            (ContentType::Video, json!({"captions": [{"language": "en", "url": "data:text/vtt,x"}]})),
            (ContentType::Image, json!({"alt_text": "x".repeat(1_001)})),
            (ContentType::Scorm, json!({"scorm_version": "3"})),
            (ContentType::Scorm, json!({"mastery_score": 101})),
            (ContentType::Scorm, json!({"entry_point": "../secret.html"})),
            (ContentType::Scorm, json!({"entry_point": "/etc/passwd"})),
            (ContentType::Scorm, json!({"entry_point": "https://e.org"})),
            (ContentType::Quiz, json!({"assessment_id": "x"})),
            (ContentType::Text, json!({"format": "pdf"})),
            (ContentType::Text, json!([])),
        ] {
            assert!(check(kind, &metadata).is_err(), "{kind} took {metadata}");
        }
    }
}
