//! One spelling for every address, before it is routed: `/api/v1/…` is `/api/…`, a missing slash
//! at the end is added, and the existing web client's own paths are rewritten (`compat`).

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

use crate::compat;

/// Brings the request's address into its canonical form.
pub fn canonical(mut request: Request) -> Request {
    if let Some(uri) = rewritten(request.uri()) {
        *request.uri_mut() = uri;
    }
    compat::rewrite(request)
}

fn rewritten(uri: &Uri) -> Option<Uri> {
    let path = canonical_path(uri.path())?;
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

/// The canonical spelling, when it is another one.
fn canonical_path(path: &str) -> Option<String> {
    // The client joins a base that ends in /api/v1 with paths that begin with it.
    let mut rest = path;
    let mut versioned = false;
    while let Some(tail) = rest.strip_prefix("/api/v1").filter(|tail| tail.is_empty() || tail.starts_with('/')) {
        rest = tail;
        versioned = true;
    }
    let mut canonical = match (versioned, rest.strip_prefix("/api/")) {
        (true, None) => format!("/api{rest}"),
        _ => rest.to_owned(),
    };
    let last = canonical.rsplit('/').next().unwrap_or_default();
    // Files of the API's pages have a dot in their name; nothing else at the end of a path does.
    if !last.is_empty() && !last.contains('.') && canonical.starts_with("/api/") {
        canonical.push('/');
    }
    (canonical != path).then_some(canonical)
}

#[cfg(test)]
mod tests {
    use super::canonical_path;

    #[test]
    fn all_spellings_of_an_address_are_one() {
        for (given, canonical) in [
            ("/api/courses", "/api/courses/"),
            ("/api/v1/courses/", "/api/courses/"),
            ("/api/v1/api/v1/courses/x", "/api/courses/x/"),
            ("/api/v1/api/courses/", "/api/courses/"),
            ("/api/v1", "/api"),
        ] {
            assert_eq!(canonical_path(given).as_deref(), Some(canonical), "{given}");
        }
        for same in ["/api/courses/", "/api/schema/swagger-ui/swagger-ui.css", "/", "/apiary", "/api/v10/x/"] {
            assert_eq!(canonical_path(same), None, "{same}");
        }
    }
}
