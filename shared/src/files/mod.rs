//! Files: what people upload, in folders, in versions, looked at before anybody gets it.
//!
//! A *content* is bytes in the object store. It arrives by an *upload*, is PROCESSING until a job has
//! looked at it, then AVAILABLE or REJECTED, and never changes. A *file* has *versions*, each of a
//! content; people get the current one, which is the newest that was let pass. A content that no
//! version has is discarded and leaves the store. What a tenant keeps counts against its quota.

mod access;
mod attachment;
mod clean_up;
mod content;
mod error;
mod file;
mod file_list;
mod folder;
mod folder_change;
pub mod jobs;
mod kind;
mod name;
mod quota;
mod taken;
mod upload;
mod version;

pub use access::Reader;
pub use attachment::Attachment;
pub use clean_up::{expired_uploads, request_clean_up};
pub use content::{
    Content, FileStatus, Finding, ScanResult, ThumbnailSize, Verdict, original_key, store_prefix, thumbnail_key,
};
pub use error::FileError;
pub use file::{AvailableFile, File, FileChanges, FileRow};
pub use file_list::{FileFilter, Place};
pub use folder::{Folder, FolderFilter, NewFolder};
pub use folder_change::FolderChanges;
pub use kind::{Family, Kind};
pub use name::NameError;
use name::checked_name;
pub use quota::Quota;
pub use taken::Taken;
pub use upload::{Arrived, NewUpload, Upload};
pub use version::{FileVersion, VersionRow};
