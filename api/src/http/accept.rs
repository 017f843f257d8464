//! What form of an answer the client would like.

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;

use super::ApiError;

/// The `Accept` header.
#[derive(Debug, Clone, Default)]
pub struct Accept(String);

impl<S: Send + Sync> FromRequestParts<S> for Accept {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let values = parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        Ok(Self(values.collect::<Vec<_>>().join(",")))
    }
}

impl Accept {
    /// Whether `kind` is asked for by name, and not less than JSON is. `*/*` is no wish for
    /// anything: who does not care gets JSON.
    pub fn prefers(&self, kind: &str) -> bool {
        let wanted = self.weight(kind);
        wanted > 0.0 && wanted >= self.weight("application/json")
    }

    fn weight(&self, kind: &str) -> f32 {
        let ranges = self.0.split(',').map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
            (name, weight.unwrap_or(0.0))
        });
        ranges.filter(|(name, _)| name.eq_ignore_ascii_case(kind)).map(|(_, weight)| weight).fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_wants_pages_and_programs_want_json() {
        for (accept, html) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("TEXT/HTML; q=0.3, application/json; q=0.2", true),
            ("application/json, text/html;q=0.5", false),
            ("application/json, text/plain, */*", false),
            ("text/html;q=0", false),
            ("text/html;q=x", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(Accept(accept.to_owned()).prefers("text/html"), html, "{accept}");
        }
    }
}
