//! Files that are larger than the memory of those who carry them, on the release binaries.

use std::time::Instant;

use futures::stream;
use reqwest::{Body, Method, StatusCode};
use serde_json::Value;
use shared::testing::TestDb;

use super::learner::Learner;
use super::servers::{Platform, school};

const MEBIBYTE: usize = 1024 * 1024;
/// What the API may have of memory, whatever comes.
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
const BOUNDARY: &str = "----------------------------9051914041544843365972754266";

/// How large each file is: large enough to show in the memory, or as large as lectures are.
fn mebibytes() -> usize {
    if std::env::var("LMS_CHAOS").is_ok_and(|value| value == "full") { 2_048 } else { 192 }
}

/// A form with a file of zeros and ones, made while it is sent.
fn form(mebibytes: usize) -> Body {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"lecture.txt\"\r\nContent-Type: text/plain\r\n\r\n"
    );
    let line = b"0123456789abcdef".repeat(MEBIBYTE / 16);
    let pieces = std::iter::repeat_n(line, mebibytes);
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let form = std::iter::once(head.into_bytes()).chain(pieces).chain(std::iter::once(tail.into_bytes()));
    Body::wrap_stream(stream::iter(form.map(Ok::<_, std::io::Error>)))
}

/// Uploads a file of so many bytes.
async fn upload(person: &Learner, size: usize) -> Value {
    let token = person.token.as_deref().expect("a token");
    let request = person.http.post(format!("{}/api/files/", person.base)).bearer_auth(token);
    let request = request.header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
    let answer = request.body(form(size / MEBIBYTE)).send().await.expect("an answer");
    let status = answer.status();
    let file: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert_eq!((status, &file["file_size"]), (StatusCode::CREATED, &Value::from(size)), "{file}");
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_larger_than_the_apis_memory_stream_through_it_at_once() {
    let db = TestDb::lease().await;
    school(&db).await;
    let platform = Platform::start(db).await;
    let alice = platform.sign_in("alice@acme.example").await;
    let (size, before) = (mebibytes() * MEBIBYTE, platform.api_peak());

    let begun = Instant::now();
    let (file, _another) = tokio::join!(upload(&alice, size), upload(&alice, size));
    let (peak, took) = (platform.api_peak(), begun.elapsed());
    println!(
        "twice {size} bytes uploaded in {took:?}: the API's peak was {before:?} bytes before and {peak:?} bytes after"
    );
    assert!(peak.is_none_or(|peak| peak < MOST_MEMORY), "{peak:?} bytes, {before:?} before");

    // The worker reads it once and lets it pass; then it is there, whole.
    let address = format!("/api/files/{}/", file["id"].as_str().expect("an id"));
    alice.until("the file was looked at", &address, |file| (file["status"] == "AVAILABLE").then_some(())).await;
    let link = alice.get(&format!("{address}download/")).await;
    let download =
        alice.http.request(Method::GET, link["url"].as_str().expect("a link")).send().await.expect("an answer");
    assert_eq!(download.content_length(), u64::try_from(size).ok());
    let rest = platform.api_peak();
    assert!(rest.is_none_or(|rest| rest < MOST_MEMORY), "{rest:?} bytes");
}
