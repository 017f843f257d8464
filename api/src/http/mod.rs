//! The wire's dialect, all of it: errors, bodies, paths, pages, patches, tags, connections.

mod body;
mod db;
mod error;
mod page;
mod patch;
mod path;
mod tag;

pub use body::{Body, Query};
pub use db::{Db, DbConn, PlatformDb, RequestTransaction};
pub use error::{ApiError, ApiResult, Fields, Problem, tell_every_error_alike};
pub use page::{Listing, Paging};
pub use patch::present;
pub use path::{CourseRef, Path};
pub use tag::{IfMatch, Tagged};
