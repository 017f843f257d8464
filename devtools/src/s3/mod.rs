//! Object storage: an S3 server that keeps objects as files and enforces signatures.
//!
//! Anonymous and tampered requests get 403, so a test that passes here has signed properly.
//! Path-style addressing only.

mod parts;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use serde::Deserialize;

use self::parts::{About, Parts};
use crate::web::WebServer;

/// A running S3 server, stopped when dropped. What it stored stays in its directory.
pub struct S3Server {
    web: WebServer,
}

impl S3Server {
    /// Serves `data_dir`, made if missing, with one account and with `buckets` in place.
    pub async fn start(
        listen: SocketAddr,
        data_dir: &Path,
        access_key: &str,
        secret_key: &str,
        buckets: &[&str],
    ) -> anyhow::Result<Self> {
        // A bucket is a directory to s3s-fs.
        let buckets = buckets.iter().map(|bucket| data_dir.join(bucket));
        for path in std::iter::once(data_dir.to_path_buf()).chain(buckets) {
            tokio::fs::create_dir_all(&path).await.with_context(|| format!("cannot make {}", path.display()))?;
        }
        let files = s3s_fs::FileSystem::new(data_dir)
            .map_err(|error| anyhow::anyhow!("cannot use {}: {error:?}", data_dir.display()))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(access_key, secret_key));

        let router = Router::new().fallback(answer).with_state((builder.build(), Parts::default()));
        let web = WebServer::start(listen, router).await?;
        Ok(Self { web })
    }

    /// What an S3 client takes as its endpoint, such as `http://127.0.0.1:9000`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.web.address())
    }

    /// Stops, and waits for the requests under way, but no longer than `limit`.
    pub async fn stop(self, limit: Duration) {
        self.web.stop(limit).await;
    }
}

/// The headers that a (signed) GET may ask to have replaced in its answer.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Overrides {
    response_content_type: Option<String>,
    response_content_disposition: Option<String>,
}

async fn answer(
    State((service, parts)): State<(S3Service, Parts)>,
    Query(about): Query<About>,
    Query(overrides): Query<Overrides>,
    request: Request,
) -> Response {
    if let Some(refusal) = parts.refuse(about, &request) {
        return refusal;
    }
    let is_get = request.method() == Method::GET;
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => {
            let mut response = response.map(Body::new);
            if is_get && response.status().is_success() {
                // s3s-fs reads these two parameters and then leaves them aside.
                replace(&mut response, CONTENT_TYPE, overrides.response_content_type);
                replace(&mut response, CONTENT_DISPOSITION, overrides.response_content_disposition);
                // As MinIO does.
                response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            }
            response
        }
        Err(error) => {
            tracing::error!(?error, "the S3 service failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn replace(response: &mut Response, name: HeaderName, value: Option<String>) {
    if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
        response.headers_mut().insert(name, value);
    }
}
