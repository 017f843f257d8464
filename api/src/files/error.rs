//! How what stands in the way of files is told.

use axum::http::StatusCode;
use shared::files::FileError;

use crate::courses::capitalised;
use crate::http::ApiError;

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        let message = capitalised(&error);
        let conflict = |code| Self::Conflict { code, message: message.clone() };
        match error {
            FileError::Name(_) => Self::field("name", message),
            FileError::NoSuchFolder => Self::field("folder", message),
            FileError::FolderNameTaken => conflict("name_taken"),
            FileError::FolderCycle => conflict("folder_cycle"),
            FileError::TooDeep(_) => conflict("too_deep"),
            FileError::MoreOpenThanParent => conflict("more_open_than_parent"),
            FileError::FolderNotEmpty => conflict("folder_not_empty"),
            FileError::Gone => Self::NotFound("file"),
            FileError::NoSuchItem => Self::NotFound("content item"),
            FileError::Changed => Self::Changed,
            FileError::InUse => conflict("file_in_use"),
            FileError::KindDiffers => conflict("kind_differs"),
            FileError::CurrentVersion => conflict("current_version"),
            FileError::VersionNotAvailable => conflict("version_not_available"),
            FileError::TooMany(_) => conflict("too_many"),
            FileError::QuotaExceeded => conflict("quota_exceeded"),
            FileError::Database(error) => error.into(),
        }
    }
}

/// More than a file may have.
pub(super) fn file_too_large(most: i64) -> ApiError {
    ApiError::Refused {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        code: "file_too_large",
        message: format!("A file has at most {most} bytes."),
    }
}

/// The object store does not do what it should; that it is away is not the client's business.
pub(super) fn store_is_away(error: anyhow::Error) -> ApiError {
    tracing::error!(error = format!("{error:#}"), "The object store cannot be used");
    ApiError::Busy { retry_after_seconds: 5 }
}
