//! Getting a file: by a link to the store that is good for a few minutes.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::files::{Content, File, FileStatus, Kind};
use shared::ids::FileId;
use shared::storage::{attachment, inline};
use utoipa::{IntoParams, ToSchema};

use super::{ReadFiles, policy, shape};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Db, Path, Query};

/// How long a link is good.
pub(super) const LINK_LIFETIME: Duration = Duration::from_secs(300);

/// A link to a file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileLink {
    /// Whoever has it may download the file, without signing in, until it expires.
    #[schema(example = "https://storage.example.org/lms/files/…/original?X-Amz-Signature=…")]
    url: String,
    expires_at: DateTime<Utc>,
}

/// How the link serves the file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DownloadFile {
    /// Shows it in its place, if it is a picture, a film, a sound or a PDF. Everything else is saved.
    #[serde(default)]
    #[param(required = false)]
    inline: bool,
}

impl DownloadFile {
    pub(super) const fn inline(&self) -> bool {
        self.inline
    }
}

/// Get the link by which a file is downloaded, good for five minutes.
#[utoipa::path(get, path = "/api/files/{file}/download/", tag = "files",
    params(("file" = FileId, Path), DownloadFile),
    responses((status = OK, body = FileLink),
        (status = 409, description = "`not_ready`: it is being looked at, ask again after `Retry-After`; `rejected`")))]
pub async fn download_file(
    caller: Can<ReadFiles>,
    State(app): State<App>,
    Path(id): Path<FileId>,
    Query(query): Query<DownloadFile>,
    db: Db,
) -> ApiResult<Response> {
    let row = policy::readable(&mut *db.conn().await?, &caller, id).await?;
    answer(&app, &row.file, &row.content, query.inline()).await
}

/// The link to a content of a file, or why there is none.
pub(super) async fn answer(app: &App, file: &File, content: &Content, is_inline: bool) -> ApiResult<Response> {
    match content.status {
        FileStatus::Available => {}
        FileStatus::Processing => return Ok(not_ready()),
        FileStatus::Rejected => {
            let message = shape::rejection(content).unwrap_or_else(|| "This file was rejected.".to_owned());
            return Err(ApiError::Conflict { code: "rejected", message });
        }
    }
    let may_be_shown = content.kind().is_some_and(Kind::may_be_shown);
    let disposition = if is_inline && may_be_shown { inline(&file.filename) } else { attachment(&file.filename) };
    let url = app.storage.signed_link(&content.key(), disposition, &content.media_type, LINK_LIFETIME).await?;
    Ok(Json(FileLink { url, expires_at: app.clock.now() + LINK_LIFETIME }).into_response())
}

fn not_ready() -> Response {
    let message = "This file is being looked at. Ask again in a few seconds.".to_owned();
    let mut response = ApiError::Conflict { code: "not_ready", message }.into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("3"));
    response
}
