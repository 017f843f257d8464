//! Uploading large files directly to the store: announce, send the parts by signed links, complete.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, TimeDelta, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::db::Conn;
use shared::files::{Arrived, File, FileError, NewUpload, Taken, Upload};
use shared::ids::{FileContentId, FileId, FolderId};
use shared::storage::{Part, PartsError, StoredPart};
use utoipa::ToSchema;

use super::error::{file_too_large, store_is_away};
use super::parts::{PartLink, Plan};
use super::receive::give_up;
use super::shape::FileOut;
use super::{WriteFiles, policy};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, Path};

/// How long an upload may take that goes to the store directly.
const PATIENCE: TimeDelta = TimeDelta::days(1);

/// An upload that goes to the store directly.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Upload)]
pub(super) struct UploadOut {
    id: FileContentId,
    original_filename: String,
    size_bytes: i64,
    /// Every part has so many bytes, but for the last.
    part_size_bytes: i64,
    part_count: i32,
    /// Links for the first parts, a hundred at most; `parts/` gives the others, and fresh ones.
    parts: Vec<PartLink>,
    /// After this it is given up.
    expires_at: DateTime<Utc>,
}

/// An upload about to begin.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUpload {
    /// The end of the name says what kind of file it is.
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "Lecture 1.mp4")]
    filename: String,
    /// Exactly.
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    size_bytes: i64,
    /// The folder that the file is put into.
    #[garde(skip)]
    #[serde(default, alias = "folder")]
    #[schema(value_type = Option<Uuid>)]
    folder_id: Option<FolderId>,
    /// The file that gets a new version; left out for a new file.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    file_id: Option<FileId>,
    /// What is new in the version.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    comment: String,
    /// SHA-256 of the content in hexadecimal: a content that has another is rejected.
    #[garde(inner(length(equal = 64), custom(hexadecimal)))]
    #[serde(default)]
    sha256: Option<String>,
}

fn hexadecimal(text: &str, (): &()) -> garde::Result {
    if hex::decode(text).is_ok() { Ok(()) } else { Err(garde::Error::new("not hexadecimal")) }
}

/// Announce a file that is sent to the store directly. Room is taken for it until it is complete,
/// aborted or expired.
#[utoipa::path(post, path = "/api/files/uploads/", tag = "files", request_body = CreateUpload,
    responses((status = CREATED, body = UploadOut), (status = 409, description = "`quota_exceeded` or `too_many`")))]
pub async fn create_upload(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateUpload>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<UploadOut>)> {
    let upload = begin(&caller, &app, &db, body).await?;
    let name = match app.storage.begin_parts(&upload.key()).await {
        Ok(name) => name,
        Err(error) => {
            give_up(&app, &db, &upload).await?;
            return Err(store_is_away(error));
        }
    };
    upload.goes_in_parts(&mut *db.conn().await?, &name).await?;
    let upload = Upload { store_upload: Some(name), ..upload };
    let location = format!("/api/files/uploads/{}/", upload.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(shown(&app, upload).await?)))
}

/// Takes room for it, and writes it down.
async fn begin(caller: &Can<WriteFiles>, app: &App, db: &Db, body: CreateUpload) -> ApiResult<Upload> {
    let CreateUpload { filename, size_bytes, folder_id, file_id, comment, sha256 } = body;
    let mut conn = db.conn().await?;
    let taken = Taken::by(&mut conn, caller.tenant(), app.config.files.max_bytes).await?;
    if size_bytes > taken.max_bytes {
        return Err(file_too_large(taken.max_bytes));
    }
    let (filename, _) = taken
        .checked_name(&filename)
        .map_err(|error| ApiError::field("filename", crate::courses::capitalised(&error)))?;
    let expires_at = app.clock.now() + PATIENCE;
    let new = NewUpload { user: caller.user, filename, folder: folder_id, file: file_id, comment, expires_at };
    let upload = Upload {
        promised_bytes: Some(size_bytes),
        promised_sha256: sha256.and_then(|text| hex::decode(text).ok()),
        reserved_bytes: size_bytes,
        part_bytes: Some(Plan::for_size(size_bytes).part_bytes),
        ..Upload::new(caller.tenant(), new, app.clock.now())
    };
    require_place(&mut conn, caller, &upload).await?;
    upload.begin(&mut conn, app.config.files.tenant_quota_bytes).await?;
    Ok(upload)
}

/// Refuses an upload into a folder that is not the caller's to fill, or as a version of a file that is
/// not theirs to change. Asked again at its end: they may have lost the right on the way.
async fn require_place(conn: &mut Conn, caller: &Can<WriteFiles>, upload: &Upload) -> ApiResult<()> {
    policy::folder_to_fill(conn, caller, upload.folder_id).await?;
    let Some(file) = upload.file_id else { return Ok(()) };
    match policy::changeable(conn, caller, file).await {
        Ok(_) => Ok(()),
        Err(ApiError::NotFound(_)) => Err(ApiError::field("file_id", "There is no such file.")),
        Err(error) => Err(error),
    }
}

async fn shown(app: &App, upload: Upload) -> ApiResult<UploadOut> {
    let plan = Plan::of(&upload);
    let parts = plan.links(app, &upload, (1..=plan.count()).take(Plan::LINKS_AT_ONCE)).await?;
    Ok(UploadOut {
        id: upload.id,
        original_filename: upload.filename,
        size_bytes: plan.size_bytes,
        part_size_bytes: plan.part_bytes,
        part_count: plan.count(),
        parts,
        expires_at: upload.expires_at,
    })
}

/// One's own upload that goes to the store directly.
pub(super) async fn own(conn: &mut Conn, caller: &Can<WriteFiles>, id: FileContentId) -> ApiResult<Upload> {
    let found = Upload::find(conn, caller.tenant(), id, caller.user).await?;
    found.filter(|upload| upload.promised_bytes.is_some()).ok_or(ApiError::NotFound("upload"))
}

/// Show one's own upload, with fresh links for its first parts.
#[utoipa::path(get, path = "/api/files/uploads/{upload}/", tag = "files", params(("upload" = FileContentId, Path)),
    responses((status = OK, body = UploadOut)))]
pub async fn show_upload(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path(id): Path<FileContentId>,
    db: Db,
) -> ApiResult<Json<UploadOut>> {
    let upload = own(&mut *db.conn().await?, &caller, id).await?;
    Ok(Json(shown(&app, upload).await?))
}

/// Give one's own upload up: its parts are removed, and its room is free.
#[utoipa::path(delete, path = "/api/files/uploads/{upload}/", tag = "files", params(("upload" = FileContentId, Path)),
    responses((status = NO_CONTENT)))]
pub async fn abort_upload(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path(id): Path<FileContentId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let upload = own(&mut *db.conn().await?, &caller, id).await?;
    give_up(&app, &db, &upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the store has answered to each part.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CompleteUpload {
    /// All of them, in order.
    #[garde(length(min = 1, max = 1000), dive)]
    parts: Vec<SentPart>,
}

/// A part that was sent.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SentPart {
    #[garde(range(min = 1, max = 1000))]
    #[schema(minimum = 1, maximum = 1000)]
    number: i32,
    /// The `ETag` of the store's answer.
    #[garde(length(min = 1, max = 200), custom(visible))]
    #[schema(max_length = 200)]
    etag: String,
}

fn visible(text: &str, (): &()) -> garde::Result {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) { Ok(()) } else { Err(garde::Error::new("not a tag")) }
}

/// Complete one's own upload: it becomes a file, or a new version of one, that is PROCESSING until
/// it was looked at. Asking again after an answer was lost does no harm.
#[utoipa::path(post, path = "/api/files/uploads/{upload}/complete/", tag = "files",
    params(("upload" = FileContentId, Path)), request_body = CompleteUpload,
    responses((status = CREATED, body = FileOut),
        (status = 409, description = "`parts_differ`: what the store has is not what was announced")))]
pub async fn complete_upload(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path(id): Path<FileContentId>,
    db: Db,
    Body(body): Body<CompleteUpload>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<FileOut>)> {
    let upload = own(&mut *db.conn().await?, &caller, id).await?;
    require_place(&mut *db.conn().await?, &caller, &upload).await?;
    let size_bytes = put_together(&app, &upload, body.parts).await?;
    let mut conn = db.conn().await?;
    let arrived = Arrived { size_bytes, sha256: upload.promised_sha256.clone() };
    let id = upload.arrive(&mut conn, arrived, app.clock.now()).await.map_err(|error| match error {
        FileError::Gone => ApiError::NotFound("upload"),
        error => error.into(),
    })?;
    let row = File::find(&mut conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("file"))?;
    let location = format!("/api/files/{id}/");
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(FileOut::new(row, &app.config.platform.public_url))))
}

fn differ(what: impl Into<String>) -> ApiError {
    ApiError::Conflict { code: "parts_differ", message: what.into() }
}

/// Has the store put the parts together, if they are those that were announced. The links to parts
/// are dead then: nobody changes a content that is being looked at.
async fn put_together(app: &App, upload: &Upload, sent: Vec<SentPart>) -> ApiResult<i64> {
    let (key, plan) = (upload.key(), Plan::of(upload));
    let name = upload.store_upload.clone().unwrap_or_default();
    let stored = app.storage.parts(&key, &name).await.map_err(store_is_away)?;
    if stored.is_empty() && app.storage.size(&key).await.map_err(store_is_away)? == Some(plan.size_bytes) {
        // Put together before, by a request whose answer was lost.
        return Ok(plan.size_bytes);
    }
    let parts = compared(plan, &stored, sent)?;
    app.storage.finish_parts(&key, &name, &parts).await.map_err(|error| match error {
        PartsError::NotThere => differ("The store does not have these parts."),
        PartsError::Store(error) => store_is_away(error),
    })?;
    match app.storage.size(&key).await.map_err(store_is_away)? {
        Some(size) if size == plan.size_bytes => Ok(size),
        _ => Err(differ("The store has another number of bytes than was announced.")),
    }
}

/// The parts, if the store has each of them as it was planned and as the client says.
fn compared(plan: Plan, stored: &[StoredPart], sent: Vec<SentPart>) -> ApiResult<Vec<Part>> {
    let bare = |tag: &str| tag.trim_matches('"').to_owned();
    let mut parts = Vec::with_capacity(sent.len());
    for (number, SentPart { number: named, etag }) in (1..).zip(sent) {
        let part = stored.iter().find(|part| part.number == number && named == number);
        let part = part.ok_or_else(|| differ(format!("Part {number} is missing.")))?;
        if plan.bytes_of(number) != Some(part.size_bytes) {
            return Err(differ(format!("Part {number} has another number of bytes than was announced.")));
        }
        if part.tag.as_ref().is_some_and(|tag| bare(tag) != bare(&etag)) {
            return Err(differ(format!("Part {number} has another tag.")));
        }
        parts.push(Part { number, tag: etag });
    }
    if i32::try_from(parts.len()) != Ok(plan.count()) {
        return Err(differ(format!("There should be {} parts.", plan.count())));
    }
    Ok(parts)
}
