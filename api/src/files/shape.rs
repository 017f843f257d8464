//! How a file looks on the wire.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::files::{Content, File, FileRow, FileStatus, ScanResult};
use shared::ids::{FileId, FolderId, TenantId, UserId};
use utoipa::ToSchema;

/// A file that somebody has uploaded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub(super) struct FileOut {
    id: FileId,
    original_filename: String,
    description: String,
    /// Where it can be downloaded by whoever may, once it is available.
    file_url: Option<String>,
    /// Of the current version, in bytes.
    file_size: i64,
    /// As its content was found to be.
    mime_type: String,
    status: FileStatus,
    /// Why it was rejected.
    error_message: Option<String>,
    scan_result: Option<ScanResult>,
    /// Null when it is in no folder.
    folder_id: Option<FolderId>,
    tenant: TenantId,
    uploaded_by: Option<UserId>,
    /// Null for those who only see the file in a course.
    uploaded_by_email: Option<String>,
    metadata: FileMetadata,
    /// The number of the current version.
    version_number: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// What the content says of itself. What cameras write into pictures is not among it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileMetadata {
    /// In pixels, of pictures.
    width: Option<i32>,
    height: Option<i32>,
    /// SHA-256 of the content in hexadecimal, once it was looked at.
    sha256: Option<String>,
    /// Whether there are smaller pictures of it.
    has_thumbnails: bool,
}

impl FileMetadata {
    fn of(content: &Content) -> Self {
        let sha256 = content.sha256.as_ref().filter(|_| content.scanned_at.is_some());
        Self {
            width: content.width,
            height: content.height,
            sha256: sha256.map(hex::encode),
            has_thumbnails: content.thumbnails_at.is_some(),
        }
    }
}

/// Why a content was rejected, for whoever uploaded it.
pub(super) fn rejection(content: &Content) -> Option<String> {
    let details = content.scan_details.clone().unwrap_or_default();
    match content.scan_result? {
        ScanResult::Infected => Some(format!("A virus was found: {details}.")),
        ScanResult::Refused => Some(details),
        ScanResult::Clean | ScanResult::Skipped => None,
    }
}

impl FileOut {
    pub(super) fn new(row: FileRow, public_url: &str) -> Self {
        let FileRow { file, content, uploaded_by_email } = row;
        let File {
            id,
            tenant_id,
            folder_id,
            uploaded_by,
            filename,
            description,
            content_id: _,
            version_number,
            version: _,
            created_at,
            updated_at,
        } = file;
        let is_there = content.status == FileStatus::Available;
        Self {
            id,
            original_filename: filename,
            description,
            file_url: is_there.then(|| format!("{public_url}/api/files/{id}/download/")),
            file_size: content.size_bytes,
            error_message: rejection(&content),
            metadata: FileMetadata::of(&content),
            mime_type: content.media_type,
            status: content.status,
            scan_result: content.scan_result,
            folder_id,
            tenant: tenant_id,
            uploaded_by,
            uploaded_by_email,
            version_number,
            created_at,
            updated_at,
        }
    }
}
