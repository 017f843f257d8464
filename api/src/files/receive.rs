//! A file that comes through us, on its way into the store: never held whole.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use bytes::{Bytes, BytesMut};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use shared::files::{Arrived, Upload};
use shared::storage::{Part, PartsError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::error::{file_too_large, store_is_away};
use crate::app::App;
use crate::http::{ApiError, ApiResult, Db};

/// What is sent to the store at a time: stores want five MiB at least, and some of them (R2) as much
/// in each part but the last.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Parts of one upload that are on their way to the store at once. A third is being filled.
const IN_FLIGHT: usize = 2;
/// Uploads that a process receives at once: with three parts each, what they hold has a bound.
const AT_ONCE: usize = 8;
/// A client that sends nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(60);
/// After this long without another part, cleaning up gives an upload up.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// Room for the uploads that a process receives at once.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Semaphore>);

impl Default for Slots {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Slots {
    /// Room for one more, until it is dropped.
    pub(super) fn take(&self) -> ApiResult<OwnedSemaphorePermit> {
        let slot = Arc::clone(&self.0).try_acquire_owned();
        slot.map_err(|_| ApiError::Busy { retry_after_seconds: 5 })
    }
}

/// When an upload that goes on now is given up, if it does not go on.
pub(super) fn patience(app: &App) -> chrono::DateTime<chrono::Utc> {
    app.clock.now() + PATIENCE
}

/// The next piece of a field.
pub(super) async fn piece(field: &mut Field<'_>) -> ApiResult<Option<Bytes>> {
    let piece = tokio::time::timeout(SILENCE, field.chunk()).await.map_err(|_| ApiError::Refused {
        status: StatusCode::REQUEST_TIMEOUT,
        code: "upload_stalled",
        message: "Nothing came for a minute.".to_owned(),
    })?;
    piece.map_err(|error| unreadable(&error))
}

/// The form is not one, or did not arrive whole.
pub(super) fn unreadable(error: &MultipartError) -> ApiError {
    tracing::debug!(error = error.body_text(), "A form cannot be read");
    ApiError::Refused {
        status: StatusCode::BAD_REQUEST,
        code: "invalid_form",
        message: "The form cannot be read, or did not arrive whole.".to_owned(),
    }
}

/// Stores what comes, part by part, unless it is more than `most` bytes.
pub(super) async fn receive(
    app: &App,
    db: &Db,
    most: i64,
    upload: &mut Upload,
    field: &mut Field<'_>,
) -> ApiResult<Arrived> {
    let mut receiver = Receiver {
        app,
        db,
        most,
        upload,
        buffer: BytesMut::with_capacity(PART_BYTES),
        spare: Vec::new(),
        hash: Sha256::new(),
        size_bytes: 0,
        sending: JoinSet::new(),
        sent: Vec::new(),
        number: 0,
    };
    let outcome = receiver.run(field).await;
    // A part that arrives after its upload was aborted would stay for ever: none is left on its way.
    while receiver.sending.join_next().await.is_some() {}
    outcome
}

struct Receiver<'a> {
    app: &'a App,
    db: &'a Db,
    /// The most bytes that a file may have.
    most: i64,
    upload: &'a mut Upload,
    buffer: BytesMut,
    /// Where parts were that are stored by now. Given back and taken anew for each part, they would
    /// lie about in the allocator by the dozen.
    spare: Vec<BytesMut>,
    hash: Sha256,
    size_bytes: i64,
    sending: JoinSet<anyhow::Result<(Part, Bytes)>>,
    sent: Vec<Part>,
    number: i32,
}

impl Receiver<'_> {
    async fn run(&mut self, field: &mut Field<'_>) -> ApiResult<Arrived> {
        while let Some(piece) = piece(field).await? {
            self.take(piece).await?;
        }
        self.finish().await
    }

    async fn take(&mut self, mut piece: Bytes) -> ApiResult<()> {
        self.size_bytes = self.size_bytes.saturating_add(length(&piece));
        if self.size_bytes > self.most {
            return Err(file_too_large(self.most));
        }
        self.hash.update(&piece);
        while !piece.is_empty() {
            let fits = piece.split_to(piece.len().min(PART_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(&fits);
            if self.buffer.len() == PART_BYTES {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Takes room for the part that is full, and sends it.
    async fn send(&mut self) -> ApiResult<()> {
        let part = std::mem::take(&mut self.buffer).freeze();
        self.grow(length(&part)).await?;
        let store_upload = match self.upload.store_upload.clone() {
            Some(name) => name,
            None => self.begin_parts().await?,
        };
        while self.sending.len() >= IN_FLIGHT {
            self.wait().await?;
        }
        self.number += 1;
        let (storage, key, number) = (self.app.storage.clone(), self.upload.key(), self.number);
        self.sending.spawn(async move {
            let stored = storage.put_part(&key, &store_upload, number, part.clone()).await?;
            Ok((stored, part))
        });
        self.buffer = self.spare.pop().unwrap_or_else(|| BytesMut::with_capacity(PART_BYTES));
        Ok(())
    }

    async fn grow(&self, bytes: i64) -> ApiResult<()> {
        let usual = self.app.config.files.tenant_quota_bytes;
        let mut conn = self.db.conn().await?;
        Ok(self.upload.grow(&mut conn, bytes, usual, patience(self.app)).await?)
    }

    async fn begin_parts(&mut self) -> ApiResult<String> {
        let name = self.app.storage.begin_parts(&self.upload.key()).await.map_err(store_is_away)?;
        // Before it is written down, so that whatever fails from here on aborts it.
        self.upload.store_upload = Some(name.clone());
        self.upload.goes_in_parts(&mut *self.db.conn().await?, &name).await?;
        Ok(name)
    }

    /// Until a part is stored.
    async fn wait(&mut self) -> ApiResult<()> {
        if let Some(stored) = self.sending.join_next().await {
            let (stored, part) = stored.map_err(anyhow::Error::from)?.map_err(store_is_away)?;
            self.sent.push(stored);
            if let Ok(mut room) = part.try_into_mut() {
                room.clear();
                self.spare.push(room);
            }
        }
        Ok(())
    }

    async fn finish(&mut self) -> ApiResult<Arrived> {
        if self.size_bytes == 0 {
            return Err(ApiError::field("file", "The file is empty."));
        }
        let key = self.upload.key();
        if self.number == 0 {
            self.grow(self.size_bytes).await?;
            let whole = self.buffer.to_vec();
            self.app.storage.put(&key, "application/octet-stream", whole).await.map_err(store_is_away)?;
        } else {
            if !self.buffer.is_empty() {
                self.send().await?;
            }
            while !self.sending.is_empty() {
                self.wait().await?;
            }
            self.sent.sort_by_key(|part| part.number);
            let name = self.upload.store_upload.clone().unwrap_or_default();
            self.app.storage.finish_parts(&key, &name, &self.sent).await.map_err(|error| match error {
                PartsError::Store(error) => store_is_away(error),
                PartsError::NotThere => store_is_away(error.into()),
            })?;
        }
        Ok(Arrived { size_bytes: self.size_bytes, sha256: Some(self.hash.finalize_reset().to_vec()) })
    }
}

fn length(bytes: &Bytes) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

/// Gives an upload up and removes what it has stored. What cannot be removed now, cleaning up
/// removes later.
pub(super) async fn give_up(app: &App, db: &Db, upload: &Upload) -> ApiResult<()> {
    upload.close(&mut *db.conn().await?).await?;
    // The store may be what is away. Then the row stays, and cleaning up finds it by that.
    if let Err(error) = upload.remove_objects(&app.storage).await {
        tracing::warn!(error = format!("{error:#}"), upload.id = %upload.id, "Parts of an upload are left for cleaning up");
        return Ok(());
    }
    upload.forget(&mut *db.conn().await?).await?;
    Ok(())
}
