use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use devtools::s3::S3Server;
use tempfile::TempDir;

use crate::ANYWHERE;

struct Storage {
    server: S3Server,
    client: Client,
    _files: TempDir,
}

async fn storage() -> Storage {
    let files = tempfile::tempdir().unwrap();
    let server = S3Server::start(ANYWHERE, files.path(), "access", "secret", &["lms"]).await.unwrap();
    let client = client(&server.endpoint(), "secret");
    Storage { server, client, _files: files }
}

fn client(endpoint: &str, secret_key: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(Credentials::new("access", secret_key, None, None, "test"))
        .build();
    Client::from_conf(config)
}

async fn put(storage: &Storage, key: &str, content: &'static [u8]) {
    let put = storage.client.put_object().bucket("lms").key(key);
    put.content_type("text/plain").body(ByteStream::from_static(content)).send().await.unwrap();
}

async fn presigned_get(storage: &Storage, key: &str) -> String {
    let get = storage.client.get_object().bucket("lms").key(key);
    let presigned = get
        .response_content_disposition("attachment; filename=\"mine.txt\"")
        .presigned(PresigningConfig::expires_in(Duration::from_mins(1)).unwrap())
        .await
        .unwrap();
    presigned.uri().to_owned()
}

#[tokio::test]
async fn what_was_put_can_be_read_and_deleted() {
    let storage = storage().await;
    put(&storage, "a/b.txt", b"hello").await;

    let got = storage.client.get_object().bucket("lms").key("a/b.txt");
    let got = got.send().await.unwrap();
    assert_eq!(got.content_type(), Some("text/plain"));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");

    let delete = storage.client.delete_object().bucket("lms").key("a/b.txt");
    delete.send().await.unwrap();
    let head = storage.client.head_object().bucket("lms").key("a/b.txt");
    let missing = head.send().await.unwrap_err().into_service_error();
    assert!(missing.is_not_found());
}

#[tokio::test]
async fn a_signed_url_serves_under_the_name_that_it_asks_for() {
    let storage = storage().await;
    put(&storage, "file", b"hello").await;

    let answer = reqwest::get(presigned_get(&storage, "file").await).await.unwrap();

    assert_eq!(answer.status(), 200);
    let disposition = &answer.headers()["content-disposition"];
    assert_eq!(disposition, "attachment; filename=\"mine.txt\"");
    assert_eq!(answer.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn who_did_not_sign_is_turned_away() {
    let storage = storage().await;
    put(&storage, "file", b"hello").await;
    let anonymous = format!("{}/lms/file", storage.server.endpoint());
    let signed = presigned_get(&storage, "file").await;
    let tampered = signed.replace("mine.txt", "yours.txt");

    for url in [&anonymous, &tampered] {
        assert_eq!(reqwest::get(url).await.unwrap().status(), 403, "{url}");
    }
    let impostor = client(&storage.server.endpoint(), "guessed");
    let refused = impostor.get_object().bucket("lms").key("file").send().await;
    let status = refused.unwrap_err().raw_response().unwrap().status();
    assert_eq!(status.as_u16(), 403);
}

#[tokio::test]
async fn a_signed_upload_stores_the_object() {
    let storage = storage().await;
    let put = storage.client.put_object().bucket("lms").key("upload");
    let presigned = put.presigned(PresigningConfig::expires_in(Duration::from_mins(1)).unwrap()).await.unwrap();

    let request = reqwest::Client::new().put(presigned.uri()).body("from a browser");
    assert_eq!(request.send().await.unwrap().status(), 200);

    let got = storage.client.get_object().bucket("lms").key("upload");
    let body = got.send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(body.to_vec(), b"from a browser");
}

/// Sends an object in parts of these sizes, each of its number's digit.
async fn send_parts(storage: &Storage, sizes: &[usize]) -> Result<(), String> {
    let create = storage.client.create_multipart_upload();
    let upload = create.bucket("lms").key("big").send().await.unwrap();
    let id = upload.upload_id().unwrap();

    let mut parts = CompletedMultipartUpload::builder();
    for (number, size) in (1..).zip(sizes) {
        let part = storage.client.upload_part().bucket("lms").key("big");
        let content = ByteStream::from(vec![b'0' + u8::try_from(number).unwrap(); *size]);
        let sent = part.upload_id(id).part_number(number).body(content).send();
        let tag = sent.await.unwrap().e_tag.unwrap();
        parts = parts.parts(CompletedPart::builder().part_number(number).e_tag(tag).build());
    }
    let complete = storage.client.complete_multipart_upload().bucket("lms").key("big");
    let complete = complete.upload_id(id).multipart_upload(parts.build());
    complete.send().await.map(|_| ()).map_err(|error| error.code().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn parts_that_some_store_would_not_take_are_refused() {
    let storage = storage().await;
    for (sizes, code) in
        [(&[5 << 20, (5 << 20) + 1, 1000][..], "InvalidPart"), (&[(5 << 20) - 1, 1000], "EntityTooSmall")]
    {
        assert_eq!(send_parts(&storage, sizes).await, Err(code.to_owned()));
    }
}

#[tokio::test]
async fn a_large_object_comes_in_parts() {
    let storage = storage().await;
    send_parts(&storage, &[5 << 20, 1000]).await.unwrap();

    let got = storage.client.get_object().bucket("lms").key("big").send().await.unwrap();
    let content = got.body.collect().await.unwrap().to_vec();
    assert_eq!(content.len(), (5 << 20) + 1000);
    assert_eq!((content[0], content[content.len() - 1]), (b'1', b'2'));
}

#[tokio::test]
async fn objects_outlive_the_server() {
    let Storage { server, client: _, _files: files } = {
        let storage = storage().await;
        put(&storage, "kept", b"hello").await;
        storage
    };
    server.stop(Duration::from_secs(5)).await;

    let server = S3Server::start(ANYWHERE, files.path(), "access", "secret", &["lms"]).await.unwrap();
    let got = client(&server.endpoint(), "secret").get_object().bucket("lms").key("kept").send().await;
    assert_eq!(got.unwrap().body.collect().await.unwrap().to_vec(), b"hello");
}
