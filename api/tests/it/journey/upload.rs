//! A file that is larger than the memory of those who carry it, on the release binaries.

use futures::stream;
use reqwest::{Body, Method, StatusCode};
use serde_json::Value;
use shared::testing::TestDb;

use super::servers::{Platform, school};

const MEBIBYTE: usize = 1024 * 1024;
/// What the API may have of memory, whatever comes.
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
const BOUNDARY: &str = "----------------------------9051914041544843365972754266";

/// How large the file is: large enough to show in the memory, or as large as lectures are.
fn mebibytes() -> usize {
    if std::env::var("LMS_CHAOS").is_ok_and(|value| value == "full") { 2_048 } else { 256 }
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

#[tokio::test(flavor = "multi_thread")]
async fn a_file_larger_than_the_apis_memory_streams_through_it() {
    let db = TestDb::lease().await;
    school(&db).await;
    let platform = Platform::start(db).await;
    let alice = platform.sign_in("alice@acme.example").await;
    let (size, before) = (mebibytes() * MEBIBYTE, platform.api_peak());

    let request =
        alice.http.post(format!("{}/api/files/", alice.base)).bearer_auth(alice.token.as_deref().expect("a token"));
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let answer = request.header("content-type", kind).body(form(mebibytes())).send().await.expect("an answer");

    let status = answer.status();
    let file: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    assert_eq!((status, &file["file_size"]), (StatusCode::CREATED, &Value::from(size)), "{file}");
    let peak = platform.api_peak();
    println!("{size} bytes uploaded: the API's peak was {before:?} bytes before and {peak:?} bytes after");
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
