//! The wire's dialect, all of it: errors, bodies, paths, pages, patches, tags, connections.

mod accept;
mod body;
mod client_address;
mod cursor;
mod db;
mod error;
mod page;
mod patch;
mod path;
mod tag;

pub use accept::Accept;
pub use body::{Body, CsvBody, Query};
pub use client_address::ClientAddress;
pub use cursor::{LongListing, LongPaging};
pub use db::{Db, DbConn, HomeDb, PlatformDb, RequestTransaction, acting};
pub use error::{ApiError, ApiResult, Fields, ForPeople, Problem, tell_every_error_alike};
pub use page::{Listing, Paging};
pub use patch::{dated, present, present_dated};
pub use path::{CourseRef, Path};
pub use tag::{IfMatch, Tagged};
