//! Files: uploaded, in folders, in versions, downloaded by whoever may.

mod access;
mod direct;
mod download;
mod folders;
mod limits;
mod upload;
mod versions;

use std::net::SocketAddr;

use axum::http::Method;
use devtools::s3::S3Server;
use shared::files::jobs::ScanContent;
use shared::files::{Content, Finding, Verdict};
use shared::ids::TenantId;
use shared::users::UserRole;
use tempfile::TempDir;

use crate::support::{Answer, Client, TestApp};

/// A tenant with an object store.
struct Office {
    app: TestApp,
    tenant: TenantId,
    files: TempDir,
    _s3: S3Server,
}

impl Office {
    async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// With this besides in its environment.
    async fn open_with(more: &[(&str, &str)]) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let s3 = S3Server::start(anywhere, files.path(), "test", "test-secret", &["lms"]).await.expect("a store");
        let endpoint = s3.endpoint();
        let more: Vec<_> = more.iter().copied().chain([("AWS_S3_ENDPOINT_URL", endpoint.as_str())]).collect();
        let app = TestApp::start_with(&more).await;
        let tenant = app.tenant().await;
        Self { app, tenant, files, _s3: s3 }
    }

    async fn as_role(&self, role: UserRole) -> Client {
        self.app.as_role(self.tenant, role).await
    }

    /// Lets everything pass that waits, as the worker would.
    async fn let_pass(&self) {
        self.judge(&Verdict::Clean).await;
    }

    async fn judge(&self, verdict: &Verdict) {
        let finding = Finding { verdict: verdict.clone(), sha256: vec![7; 32], dimensions: None };
        for ScanContent { tenant_id, content_id } in self.app.enqueued::<ScanContent>().await {
            let mut conn = self.app.db.tenant(tenant_id).await;
            let content = Content::find(&mut conn, tenant_id, content_id).await.expect("an answer");
            if let Some(content) = content {
                content.settle(&mut conn, &finding, self.app.app.clock.now()).await.expect("settled");
            }
        }
    }

    /// What the tenant has used of its quota.
    async fn used(&self) -> i64 {
        let admin = self.as_role(UserRole::Admin).await;
        admin.get("/api/files/usage/").await.expect(200).body["used_bytes"].as_i64().expect("a number")
    }

    /// How many objects and parts are in the store.
    fn stored(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder).expect("a folder").flatten();
            entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
        }
        let parts = std::fs::read_dir(self.files.path()).expect("a folder").flatten();
        let parts = parts.filter(|entry| entry.file_name().to_string_lossy().contains(".part-")).count();
        count(&self.files.path().join("lms")) + parts
    }
}

const BOUNDARY: &str = "----------------------------7e13971310878";

/// A form as curl sends it.
#[derive(Default)]
struct Form(Vec<u8>);

impl Form {
    fn file(mut self, name: &str, content: &[u8]) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(content);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    fn text(mut self, name: &str, value: &str) -> Self {
        let field = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        self.0.extend_from_slice(field.as_bytes());
        self
    }

    async fn send(mut self, client: &Client, path: &str) -> Answer {
        self.0.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        client.send_bytes(Method::POST, path, Some(&kind), self.0).await
    }
}

/// Uploads a file, into a folder if one is named.
async fn upload(client: &Client, name: &str, content: &[u8], folder: Option<&str>) -> Answer {
    let form = Form::default().file(name, content);
    let form = match folder {
        Some(folder) => form.text("folder", folder),
        None => form,
    };
    form.send(client, "/api/files/").await
}

/// The id of what was made.
fn id(answer: &Answer) -> String {
    answer.text("/id").to_owned()
}

fn address(file: &Answer, verb: &str) -> String {
    format!("/api/files/{}/{verb}", id(file))
}
