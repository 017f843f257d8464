//! The page that a person sees who scans the code of a certificate. It is whole in itself: no
//! script, no picture, no font from elsewhere.

use std::fmt::Write;

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use shared::certificates::{PublicCertificate, Standing};

use super::verify::detail;
use crate::http::{ApiResult, ForPeople};

const STYLE: &str = include_str!("page.css");
/// The colour of a tenant that has none, and of nobody.
const FALLBACK: &str = "#3b82f6";

const TICK: &str = r#"<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="m7.5 12.4 3 3 6-6.6"/></svg>"#;
const CROSS: &str = r#"<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="m8.5 8.5 7 7m0-7-7 7"/></svg>"#;
const HANDS: &str =
    r#"<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="M12 6.5V12l3.5 2"/></svg>"#;

/// A certificate, and whether it counts.
pub(super) fn of(certificate: &PublicCertificate, now: DateTime<Utc>) -> ApiResult<Response> {
    let standing = certificate.standing(now);
    let (tone, icon, paper) = match standing {
        Standing::Valid => ("good", TICK, "sheet"),
        Standing::Pending | Standing::Expired => ("wait", HANDS, "sheet"),
        Standing::Revoked => ("bad", CROSS, "sheet void"),
    };
    // What is taken back or not there yet certifies nothing.
    let (given, earned) = match standing {
        Standing::Valid | Standing::Expired => ("This is to certify that", "has completed the course"),
        Standing::Pending | Standing::Revoked => ("Made out to", "for the course"),
    };
    let issuer = escape(&certificate.tenant_name);
    let mut facts = String::new();
    fact(&mut facts, "", "Issued on", &day(certificate.issued_at));
    if let Some(name) = &certificate.instructor_name {
        fact(&mut facts, "", "Instructor", &bdi(name));
    }
    if let Some(end) = certificate.expires_at {
        let label = if standing == Standing::Expired { "Expired on" } else { "Valid until" };
        fact(&mut facts, "", label, &day(end));
    }
    if let Some(at) = certificate.revoked_at {
        fact(&mut facts, "", "Revoked on", &day(at));
    }
    fact(&mut facts, "code", "Verification code", &certificate.verification_code.to_string());
    let body = format!(
        r#"<div class="{paper}"><p class="issuer" dir="auto">{issuer}</p>
<p class="verdict {tone}" role="status">{icon}<span>{verdict}</span></p>
<p class="says">{given}</p>
<p class="learner" dir="auto">{learner}</p>
<p class="says">{earned}</p>
<p class="course" dir="auto">{course}</p>
<hr class="rule"><dl>{facts}</dl></div>
<footer>Checked against the records of <bdi>{issuer}</bdi> on {checked} UTC.</footer>"#,
        verdict = detail(standing),
        learner = escape(&certificate.learner_name),
        course = escape(&certificate.course_title),
        checked = now.format("%-d %B %Y at %H:%M"),
    );
    let title = format!("{} \u{2013} {}", detail(standing).trim_end_matches('.'), certificate.tenant_name);
    let brand = certificate
        .theme_config
        .get("primary_color")
        .and_then(|color| color.as_str())
        .filter(|text| is_colour(text))
        .unwrap_or(FALLBACK);
    page(StatusCode::OK, &title, brand, &body)
}

/// A code that is nobody's.
pub(super) fn unknown() -> ApiResult<Response> {
    let body = format!(
        r#"<div class="sheet"><p class="verdict bad" role="status">{CROSS}<span>This certificate cannot be verified.</span></p>
<h1>No certificate has this code</h1>
<p class="says">A code has 36 characters: digits, the letters a to f, and four hyphens. Compare it with the
printed one, or scan the printed square once more. If it still cannot be found, ask whoever showed you the certificate.</p></div>"#
    );
    let mut response = page(StatusCode::NOT_FOUND, "No certificate has this code", FALLBACK, &body)?;
    response.extensions_mut().insert(ForPeople);
    Ok(response)
}

/// The page, which may do nothing but look as this style says.
fn page(status: StatusCode, title: &str, brand: &str, body: &str) -> ApiResult<Response> {
    let style = format!(":root{{--brand:{brand}}}\n{STYLE}");
    let hash = BASE64_STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).map_err(anyhow::Error::from)?;
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow">
<style>{style}</style></head><body><main><div class="band"></div>{body}</main></body></html>"#,
        title = escape(title),
    );
    let headers: [(HeaderName, HeaderValue); 2] =
        [(CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((status, headers, Html(html)).into_response())
}

/// `value` is HTML already.
fn fact(facts: &mut String, class: &str, label: &str, value: &str) {
    // Writing into a text cannot fail.
    let _ = write!(facts, r#"<div class="{class}"><dt>{label}</dt><dd>{value}</dd></div>"#);
}

fn bdi(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}

fn day(at: DateTime<Utc>) -> String {
    format!(r#"<time datetime="{}">{}</time>"#, at.format("%Y-%m-%d"), at.format("%-d %B %Y"))
}

/// It goes into a style: nothing but the digits of a colour may.
fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A text, safe between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // They turn the text around them, or are nothing that can be seen.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_a_colour_is_a_colour() {
        assert_eq!(escape("<b a=\"'\">&\u{202e}\n"), "&lt;b a=&quot;&#39;&quot;&gt;&amp; ");
        for good in ["#3B82F6", "#1af"] {
            assert!(is_colour(good), "{good}");
        }
        for bad in ["", "#", "red", "#12345", "#12345g", "#fff}*{display:none", "#ééé"] {
            assert!(!is_colour(bad), "{bad}");
        }
    }
}
