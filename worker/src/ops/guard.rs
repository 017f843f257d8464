//! Keeps pages from elsewhere from reading this one and from pulling its levers.
//!
//! A browser of somebody who can reach the internal port may be shown any page of the world. Such a
//! page cannot send our header (the browser would ask us first, and we do not answer that), says
//! where it is from, and gets nothing to read. A page whose name was made to point at this machine
//! would be of our own origin, so only names that are nobody else's are answered.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What our script sends with every lever.
const OURS: &str = "x-lms-ops";

/// Answers requests of our own page.
pub(super) async fn own_pages_only(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !is_private(host(headers)) {
        return refuse(StatusCode::MISDIRECTED_REQUEST, "This page is not answered under that name.");
    }
    if request.method() != Method::GET && request.method() != Method::HEAD && !is_of_our_page(headers) {
        return refuse(StatusCode::FORBIDDEN, "Levers are pulled on the page itself, not from elsewhere.");
    }
    next.run(request).await
}

fn refuse(status: StatusCode, why: &'static str) -> Response {
    (status, why).into_response()
}

fn host(headers: &HeaderMap) -> &str {
    headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether a host is an address, this machine, or a name that only a private network knows.
fn is_private(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    let is_address = name.parse::<IpAddr>().is_ok();
    let is_one_word = !name.is_empty() && !name.contains('.');
    let is_of_a_cluster = [".localhost", ".local", ".internal", ".svc"].iter().any(|end| name.ends_with(end));
    is_address || is_one_word || is_of_a_cluster
}

fn is_of_our_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_same_site = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let is_same_origin = text(ORIGIN.as_str())
        .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, origin)| origin == host(headers)));
    headers.contains_key(OURS) && is_same_site && is_same_origin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_names_are_answered() {
        for host in [
            "localhost:9101",
            "127.0.0.1:9101",
            "[::1]:9101",
            "10.0.3.7",
            "worker",
            "worker-7:9101",
            "worker.jobs.svc",
            "worker.jobs.svc.cluster.local:9101",
            "ip-10-0-0-1.ec2.internal",
        ] {
            assert!(is_private(host), "{host}");
        }
        for host in ["", "evil.example", "evil.example:9101", "localhost.evil.example", "127.0.0.1.evil.example:9101"] {
            assert!(!is_private(host), "{host}");
        }
    }

    #[test]
    fn levers_are_pulled_on_our_page_only() {
        let pulled = |headers: &[(&'static str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().expect("a value"));
            }
            is_of_our_page(&map)
        };
        let host = ("host", "localhost:9101");
        let ours = ("x-lms-ops", "1");
        assert!(pulled(&[host, ours]), "a program that means it");
        assert!(pulled(&[host, ours, ("origin", "http://localhost:9101"), ("sec-fetch-site", "same-origin")]));
        assert!(!pulled(&[host]), "a form");
        assert!(!pulled(&[host, ours, ("origin", "http://evil.example")]));
        assert!(!pulled(&[host, ours, ("origin", "null")]));
        assert!(!pulled(&[host, ours, ("origin", "http://localhost:8000")]), "another port is another program");
        assert!(!pulled(&[host, ours, ("sec-fetch-site", "cross-site")]));
        assert!(!pulled(&[host, ours, ("sec-fetch-site", "same-site")]));
    }
}
