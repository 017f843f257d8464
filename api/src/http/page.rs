//! How a page of a list looks on the wire.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use serde::Serialize;
use shared::db::{Numbered, Page};
use utoipa::{IntoParams, ToSchema};

use super::ApiError;
use crate::app::App;

/// Some results of a longer list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Listing<T> {
    /// How many there are in all.
    pub count: i64,
    /// The address of the next page.
    pub next: Option<String>,
    /// The address of the page before.
    pub previous: Option<String>,
    /// This page's.
    pub results: Vec<T>,
}

/// Which page is wanted: `page` from 1, `page_size` up to 200.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// The page, from 1.
    #[param(value_type = Option<u32>, minimum = 1, example = 1)]
    page: Numbered,
    /// Results on a page, 20 unless said otherwise, at most 200.
    #[param(value_type = Option<u32>, rename = "page_size", minimum = 1, maximum = 200, example = 20)]
    base: String,
}

impl<S> FromRequestParts<S> for Paging
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = App::from_ref(state);
        let mut page = Numbered::default();
        let mut rest = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "page" => page.number = positive("page", &value)?,
                "page_size" => {
                    page.size = positive("page_size", &value)?.min(Numbered::LARGEST);
                    rest.append_pair(&name, &value);
                }
                _ => {
                    rest.append_pair(&name, &value);
                }
            }
        }
        let rest = rest.finish();
        let separator = if rest.is_empty() { "" } else { "&" };
        let base = format!("{}{}?{rest}{separator}page=", app.config.platform.public_url, parts.uri.path());
        Ok(Self { page, base })
    }
}

pub(super) fn positive(name: &str, value: &str) -> Result<u32, ApiError> {
    value
        .parse()
        .ok()
        // Beyond this the offset would be astronomical, and no list is that long.
        .filter(|number| (1..=10_000_000).contains(number))
        .ok_or_else(|| ApiError::field(name, "Not a whole number above zero."))
}

impl Paging {
    /// For the query.
    pub const fn numbered(&self) -> Numbered {
        self.page
    }

    /// The page as it is answered.
    pub fn answer<R, T: From<R>>(&self, page: Page<R>) -> Json<Listing<T>> {
        let number = self.page.number;
        let beyond = self.page.offset().saturating_add(self.page.limit());
        Json(Listing {
            count: page.total,
            next: (beyond < page.total).then(|| format!("{}{}", self.base, number + 1)),
            previous: (number > 1).then(|| format!("{}{}", self.base, number - 1)),
            results: page.items.into_iter().map(T::from).collect(),
        })
    }
}
