//! Lists that are long or grow while they are read: by page as any other, or by cursor.
//!
//! A cursor names the last row that was seen. Reading on from it costs the same however far down
//! the list, and rows that are added at its top meanwhile move nothing. What is in it is nobody's
//! business; it opens nothing that the list would not show anyway, so it is not sealed.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike};
use serde::Serialize;
use shared::db::{Keyset, LongPage, Numbered, Part};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ApiError;
use super::page::positive;
use crate::app::App;

/// Some results of a list that is too long to be counted each time.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LongListing<T> {
    /// How many there are in all; null when the list is read by cursor.
    pub count: Option<i64>,
    /// The address of what comes behind these.
    pub next: Option<String>,
    /// The address of the page before; null when the list is read by cursor.
    pub previous: Option<String>,
    /// This page's.
    pub results: Vec<T>,
}

/// Which part is wanted: a `page` from 1, or what comes behind a `cursor`; `page_size` up to 200.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LongPaging {
    /// The page, from 1.
    #[param(value_type = Option<u32>, rename = "page", minimum = 1, example = 1)]
    page: Numbered,
    /// Reads by cursor instead, which is quick however long the list: empty to begin; then follow `next`.
    #[param(value_type = Option<String>, rename = "cursor")]
    cursor: Option<Option<Keyset>>,
    /// Results on a page, 20 unless said otherwise, at most 200.
    #[param(value_type = Option<u32>, rename = "page_size", minimum = 1, maximum = 200, example = 20)]
    base: String,
}

impl<S> FromRequestParts<S> for LongPaging
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = App::from_ref(state);
        let mut page = Numbered::default();
        let mut cursor = None;
        let mut rest = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "page" => page.number = positive("page", &value)?,
                "cursor" => cursor = Some(read(&value)?),
                _ => {
                    if name == "page_size" {
                        page.size = positive("page_size", &value)?.min(Numbered::LARGEST);
                    }
                    rest.append_pair(&name, &value);
                }
            }
        }
        let base = format!("{}{}?{}", app.config.platform.public_url, parts.uri.path(), rest.finish());
        Ok(Self { page, cursor, base })
    }
}

impl LongPaging {
    /// For the query.
    pub fn part(&self) -> Part {
        match self.cursor {
            None => Part::Numbered(self.page),
            Some(_) => self.behind(),
        }
    }

    /// For the query of a list that is only read by cursor: without one, from the beginning.
    pub fn behind(&self) -> Part {
        Part::Behind { last: self.cursor.flatten(), size: self.page.size }
    }

    /// The part as it is answered.
    pub fn answer<R, T: From<R>>(&self, found: LongPage<R>) -> Json<LongListing<T>> {
        self.answer_with(found, T::from)
    }

    /// [`answer`](Self::answer), where it depends on the reader how a row looks.
    pub fn answer_with<R, T>(&self, found: LongPage<R>, shown: impl FnMut(R) -> T) -> Json<LongListing<T>> {
        let LongPage { items, total, next } = found;
        let number = self.page.number;
        let is_more = total.is_some_and(|total| self.page.offset().saturating_add(self.page.limit()) < total);
        let next = match next {
            Some(key) => Some(self.address("cursor", &written(key))),
            None => is_more.then(|| self.address("page", &(number + 1).to_string())),
        };
        let previous = (total.is_some() && number > 1).then(|| self.address("page", &(number - 1).to_string()));
        Json(LongListing { count: total, next, previous, results: items.into_iter().map(shown).collect() })
    }

    fn address(&self, name: &str, value: &str) -> String {
        let separator = if self.base.ends_with('?') { "" } else { "&" };
        format!("{}{separator}{name}={value}", self.base)
    }
}

fn written(key: Keyset) -> String {
    let bytes = [key.at.timestamp_micros().to_be_bytes().as_slice(), key.id.as_bytes()].concat();
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What a cursor names; none for the beginning of the list.
fn read(text: &str) -> Result<Option<Keyset>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let key = || {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = bytes.split_first_chunk::<8>()?;
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*at))?;
        // What PostgreSQL could not compare is not ours.
        (1970..10_000).contains(&at.year()).then_some(Keyset { at, id: Uuid::from_slice(id).ok()? })
    };
    key().map(Some).ok_or_else(|| ApiError::field("cursor", "Not a cursor of this list: follow `next`."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let at = DateTime::from_timestamp_micros(1_767_603_600_123_456).expect("an instant");
        let key = Keyset { at, id: Uuid::from_u128(7) };
        assert_eq!(read(&written(key)).expect("a cursor"), Some(key));
        assert_eq!(read("").expect("the beginning"), None);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let far = |micros: i64| BASE64_URL_SAFE_NO_PAD.encode([micros.to_be_bytes().as_slice(), &[0; 16]].concat());
        for text in ["x", "AAAA", "%00", &"A".repeat(1_000), &far(i64::MAX), &far(i64::MIN), &far(-1)] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
