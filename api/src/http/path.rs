//! Ids in addresses. One that is malformed is one that does not exist.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use shared::ids::CourseId;

use super::ApiError;

/// What stands in the address.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| ApiError::NotFound("page"))
    }
}

/// A course by its id or, as the web client does, by its slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourseRef {
    /// By id.
    Id(CourseId),
    /// By slug, within the tenant.
    Slug(String),
}

impl FromStr for CourseRef {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let is_slug = !text.is_empty()
            && text.len() <= 255
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if is_slug { Ok(Self::Slug(text.to_owned())) } else { Err("neither an id nor a slug") }
    }
}

impl<'de> Deserialize<'de> for CourseRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
