//! How a long list is read on: by a cursor instead of numbers.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde::Serialize;
use shared::db::{Keyset, Numbered, Stretch};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ApiError;
use crate::app::App;

/// Some results of a list that is too long to be counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Following<T> {
    /// The address of what comes next; null at the end.
    pub next: Option<String>,
    /// These results.
    pub results: Vec<T>,
}

/// Where to read on: `cursor` out of the last answer's `next`, `page_size` up to 200.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Leafing {
    /// Where the last answer ended: take the address in its `next` as it is.
    #[param(value_type = Option<String>, rename = "cursor")]
    after: Option<Keyset>,
    /// Results in an answer, 20 unless said otherwise, at most 200.
    #[param(value_type = Option<u32>, rename = "page_size", minimum = 1, maximum = 200, example = 20)]
    size: u32,
    /// The address without its cursor.
    #[param(ignore)]
    base: String,
}

impl<S> FromRequestParts<S> for Leafing
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = App::from_ref(state);
        let (mut after, mut size) = (None, Numbered::USUAL);
        let mut rest = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "cursor" if value.is_empty() => {}
                "cursor" => {
                    after = Some(open(&value).ok_or_else(|| ApiError::field("cursor", "Not a cursor of this list."))?);
                }
                "page_size" => {
                    let wanted = value.parse().ok().filter(|size| *size > 0);
                    size = wanted.ok_or_else(|| ApiError::field("page_size", "Not a whole number above zero."))?;
                    rest.append_pair(&name, &value);
                }
                _ => {
                    rest.append_pair(&name, &value);
                }
            }
        }
        let rest = rest.finish();
        let separator = if rest.is_empty() { "" } else { "&" };
        let base = format!("{}{}?{rest}{separator}cursor=", app.config.platform.public_url, parts.uri.path());
        Ok(Self { after, size: size.min(Numbered::LARGEST), base })
    }
}

impl Leafing {
    /// How many are wanted.
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// Behind which row.
    pub const fn after(&self) -> Option<Keyset> {
        self.after
    }

    /// The stretch as it is answered.
    pub fn answer<R, T: From<R>>(&self, stretch: Stretch<R>) -> Json<Following<T>> {
        Json(Following {
            next: stretch.next.map(|key| format!("{}{}", self.base, close(key))),
            results: stretch.items.into_iter().map(T::from).collect(),
        })
    }
}

/// Microseconds, as the database counts them, and an id.
fn close(key: Keyset) -> String {
    let mut bytes = key.at.timestamp_micros().to_be_bytes().to_vec();
    bytes.extend_from_slice(key.id.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn open(cursor: &str) -> Option<Keyset> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (at, id) = bytes.split_at_checked(8)?;
    let at = DateTime::from_timestamp_micros(i64::from_be_bytes(at.try_into().ok()?))?;
    Some(Keyset { at, id: Uuid::from_slice(id).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_row_and_nothing_else_is_one() {
        let at = DateTime::from_timestamp_micros(1_767_603_600_123_456).expect("an instant");
        let key = Keyset { at, id: Uuid::now_v7() };
        assert_eq!(open(&close(key)), Some(key));
        for text in ["", "x", "é", "AAAA", &"A".repeat(5000), &"_".repeat(32), &format!("{}A", close(key))] {
            assert_eq!(open(text), None, "{text}");
        }
    }
}
