//! What stores ask of the parts of an object, and s3s-fs does not: five MiB at least in all but the
//! last (Amazon), and as much in each of them (Cloudflare's R2).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

const SMALLEST: u64 = 5 * 1024 * 1024;

/// By upload and number, the bytes of the parts that have come.
#[derive(Clone, Default)]
pub(super) struct Parts(Arc<Mutex<HashMap<String, BTreeMap<u32, u64>>>>);

/// The parameters of requests that are about parts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct About {
    upload_id: Option<String>,
    part_number: Option<u32>,
}

impl Parts {
    /// Notes a part, or refuses to make an object of parts that are no good.
    pub(super) fn refuse(&self, about: About, request: &Request) -> Option<Response> {
        let upload = about.upload_id?;
        let mut uploads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (request.method(), about.part_number) {
            (&Method::PUT, Some(number)) => {
                uploads.entry(upload).or_default().insert(number, length(request));
                None
            }
            (&Method::POST, None) => {
                let sizes = uploads.get(&upload)?.values().copied().collect::<Vec<_>>();
                let (_last, others) = sizes.split_last()?;
                let first = others.first()?;
                if *first < SMALLEST {
                    Some(refusal("EntityTooSmall", "A part is smaller than five MiB."))
                } else if others.iter().any(|size| size != first) {
                    Some(refusal("InvalidPart", "All parts but the last must be of the same size."))
                } else {
                    uploads.remove(&upload);
                    None
                }
            }
            (&Method::DELETE, None) => {
                uploads.remove(&upload);
                None
            }
            _ => None,
        }
    }
}

/// The bytes of the part in a request, however it is wrapped.
fn length(request: &Request) -> u64 {
    let number = |name: &str| request.headers().get(name)?.to_str().ok()?.parse().ok();
    number("x-amz-decoded-content-length").or_else(|| number(CONTENT_LENGTH.as_str())).unwrap_or_default()
}

fn refusal(code: &str, message: &str) -> Response {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/xml")], body).into_response()
}
