//! Uploading by a form, as browsers and curl send it.

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, HeaderName, LOCATION};
use shared::files::{Arrived, File, FileError, NewUpload, Taken, Upload};
use shared::ids::{FileId, FolderId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::file_too_large;
use super::paced::Paced;
use super::receive::{give_up, patience, piece, receive, unreadable};
use super::shape::FileOut;
use super::{WriteFiles, policy};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Db, Path};

/// What a form may have besides the file: names of fields, boundaries, a comment.
const FORM_BYTES: i64 = 64 * 1024;
/// A field that is a text.
const TEXT_BYTES: usize = 4 * 1024;

/// A file, and where it is put.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a form is read as it comes: this is its document")]
pub(super) struct UploadFile {
    /// The content, with its name. The end of the name says what kind of file it is.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
    /// The folder that it is put into; `folder_id` is understood too.
    folder: Option<Uuid>,
}

/// A new content of a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a form is read as it comes: this is its document")]
pub(super) struct UploadFileVersion {
    /// The content, with a name of the same kind as the file's.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    file: String,
    /// What is new.
    #[schema(max_length = 500)]
    comment: Option<String>,
}

type Created = (StatusCode, [(HeaderName, String); 1], Json<FileOut>);

/// Upload a file. It is PROCESSING until it was looked at, and then AVAILABLE or REJECTED.
#[utoipa::path(post, path = "/api/files/", tag = "files",
    request_body(content = UploadFile, content_type = "multipart/form-data"),
    responses((status = CREATED, body = FileOut), (status = 408, description = "`upload_stalled`"),
        (status = 409, description = "`quota_exceeded`")))]
pub async fn upload_file(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    db: Db,
    request: Request,
) -> ApiResult<Created> {
    created(caller, app, db, None, request).await
}

/// Upload a new content of a file: its uploader, or an administrator. People get the version before
/// it until it was let pass.
#[utoipa::path(post, path = "/api/files/{file}/versions/", tag = "files", params(("file" = FileId, Path)),
    request_body(content = UploadFileVersion, content_type = "multipart/form-data"),
    responses((status = CREATED, body = FileOut), (status = 408, description = "`upload_stalled`"),
        (status = 409, description = "`kind_differs`, `quota_exceeded` or `too_many`")))]
pub async fn upload_file_version(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path(id): Path<FileId>,
    db: Db,
    request: Request,
) -> ApiResult<Created> {
    policy::changeable(&mut *db.conn().await?, &caller, id).await?;
    created(caller, app, db, Some(id), request).await
}

async fn created(
    caller: Can<WriteFiles>,
    app: App,
    db: Db,
    file: Option<FileId>,
    mut request: Request,
) -> ApiResult<Created> {
    let tenant = caller.tenant();
    let taken = Taken::by(&mut *db.conn().await?, tenant, app.config.files.max_bytes).await?;
    let most = taken.max_bytes;
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    if announced.is_some_and(|bytes| bytes > most.saturating_add(FORM_BYTES)) {
        return Err(file_too_large(most));
    }
    // The file has its own limit, and is counted as it comes.
    DefaultBodyLimit::disable().apply(&mut request);
    let request = request.map(|body| Body::new(Paced::new(body)));
    let form = Multipart::from_request(request, &()).await.map_err(|_| ApiError::Refused {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code: "unsupported_media_type",
        message: "Send a form, as `multipart/form-data`.".to_owned(),
    })?;
    let slot = app.uploads.take()?;
    let reception = Reception { caller, app: app.clone(), db: db.clone(), file, taken };
    // On its own: when the client hangs up, this request ends at once, and what was stored of the
    // file must be removed nevertheless.
    let task = tokio::spawn(async move {
        let _slot = slot;
        reception.run(form).await
    });
    let id = task.await.map_err(anyhow::Error::from)??;
    let row = File::find(&mut *db.conn().await?, tenant, id).await?.ok_or(ApiError::NotFound("file"))?;
    let location = format!("/api/files/{id}/");
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(FileOut::new(row, &app.config.platform.public_url))))
}

/// Whose form it is, and what for.
struct Reception {
    caller: Can<WriteFiles>,
    app: App,
    db: Db,
    /// The file that gets a new version.
    file: Option<FileId>,
    /// What the tenant takes.
    taken: Taken,
}

/// What has come of a form.
#[derive(Default)]
struct Form {
    folder: Option<FolderId>,
    comment: String,
    upload: Option<Upload>,
    arrived: Option<Arrived>,
}

impl Reception {
    async fn run(self, form: Multipart) -> ApiResult<FileId> {
        let mut come = Form::default();
        let outcome = match self.read(form, &mut come).await {
            Ok(()) => self.arrive(&come).await,
            Err(error) => Err(error),
        };
        if let (Err(_), Some(upload)) = (&outcome, &come.upload)
            && give_up(&self.app, &self.db, upload).await.is_err()
        {
            tracing::warn!(upload.id = %upload.id, "An upload is left for cleaning up");
        }
        outcome
    }

    /// Reads the form as it comes. The folder may stand behind the file, where it is too late to
    /// refuse it early.
    async fn read(&self, mut form: Multipart, come: &mut Form) -> ApiResult<()> {
        while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            match name.as_str() {
                "file" if come.upload.is_none() => {
                    let filename = field.file_name().unwrap_or_default().to_owned();
                    let mut upload = self.begin(&filename).await?;
                    come.upload = Some(upload.clone());
                    let arrived = receive(&self.app, &self.db, self.taken.max_bytes, &mut upload, &mut field).await;
                    // What the store calls it is known by now.
                    come.upload = Some(upload);
                    come.arrived = Some(arrived?);
                }
                "folder" | "folder_id" if self.file.is_none() => {
                    come.folder = folder(&text(&name, &mut field).await?)?;
                    policy::folder_to_fill(&mut *self.db.conn().await?, &self.caller, come.folder).await?;
                }
                "comment" if self.file.is_some() => come.comment = comment(text(&name, &mut field).await?)?,
                "file" => return Err(ApiError::field("file", "Send one file at a time.")),
                other => return Err(ApiError::field(other, "There is no such field.")),
            }
        }
        Ok(())
    }

    async fn begin(&self, filename: &str) -> ApiResult<Upload> {
        let (filename, _) = self
            .taken
            .checked_name(filename)
            .map_err(|error| ApiError::field("file", crate::courses::capitalised(&error)))?;
        let new = NewUpload {
            user: self.caller.user,
            filename,
            folder: None,
            file: self.file,
            comment: String::new(),
            expires_at: patience(&self.app),
        };
        let upload = Upload::new(self.caller.tenant(), new, self.app.clock.now());
        upload.begin(&mut *self.db.conn().await?, self.app.config.files.tenant_quota_bytes).await?;
        Ok(upload)
    }

    async fn arrive(&self, come: &Form) -> ApiResult<FileId> {
        let (Some(upload), Some(arrived)) = (&come.upload, &come.arrived) else {
            return Err(ApiError::field("file", "This field is required."));
        };
        let upload = Upload { folder_id: come.folder, comment: come.comment.clone(), ..upload.clone() };
        let mut conn = self.db.conn().await?;
        match upload.arrive(&mut conn, arrived.clone(), self.app.clock.now()).await {
            Err(FileError::NoSuchFolder) => Err(ApiError::field("folder", "There is no such folder.")),
            other => Ok(other?),
        }
    }
}

/// A field that is a text.
async fn text(name: &str, field: &mut Field<'_>) -> ApiResult<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = piece(field).await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > TEXT_BYTES {
            return Err(ApiError::field(name, "This is too long."));
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| ApiError::field(name, "This is not UTF-8."))?;
    if text.contains('\0') { Err(ApiError::field(name, "The character U+0000 is not allowed.")) } else { Ok(text) }
}

fn folder(text: &str) -> ApiResult<Option<FolderId>> {
    // Forms say so that nothing was chosen.
    if text.trim().is_empty() {
        return Ok(None);
    }
    let id = text.trim().parse();
    id.map(Some).map_err(|_| ApiError::field("folder", "There is no such folder."))
}

fn comment(text: String) -> ApiResult<String> {
    if text.chars().count() > 500 { Err(ApiError::field("comment", "At most 500 characters.")) } else { Ok(text) }
}
