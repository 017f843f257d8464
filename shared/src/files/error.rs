//! What can stand in the way of a change to files and folders.

use super::NameError;
use crate::db;

/// What can stand in the way of a change to files and folders.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The name is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nobody of the tenant has such a folder, or it is not for this person.
    #[error("there is no such folder")]
    NoSuchFolder,
    /// There is one of that name in the same place.
    #[error("there is a folder of this name in the same place")]
    FolderNameTaken,
    /// A folder cannot be inside itself.
    #[error("a folder cannot be moved into itself or what is in it")]
    FolderCycle,
    /// Deep enough.
    #[error("folders are at most {0} deep")]
    TooDeep(i64),
    /// A folder is as open as the one around it, at most.
    #[error("a folder cannot be more open than the one it is in")]
    MoreOpenThanParent,
    /// There is something in it.
    #[error("the folder is not empty")]
    FolderNotEmpty,
    /// It is gone, or was never there.
    #[error("no such file")]
    Gone,
    /// The item that was to show it is gone.
    #[error("no such content item")]
    NoSuchItem,
    /// It was changed since it was read.
    #[error("somebody has changed it since it was read")]
    Changed,
    /// A course shows it.
    #[error("a course uses this file")]
    InUse,
    /// Another kind of file than before.
    #[error("a file stays of its kind: this one is of another")]
    KindDiffers,
    /// The version that people get, or the last.
    #[error("the current version cannot be deleted")]
    CurrentVersion,
    /// It was not let pass, or has not been looked at.
    #[error("this version is not available")]
    VersionNotAvailable,
    /// There are enough.
    #[error("there are {0} already, which is as many as there may be")]
    TooMany(i64),
    /// The tenant's store is full.
    #[error("the tenant has no room left for this")]
    QuotaExceeded,
    /// The database's.
    #[error(transparent)]
    Database(#[from] db::Error),
}
