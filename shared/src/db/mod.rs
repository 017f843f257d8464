//! The database: connections that always act for somebody, pages, enums, named constraints.

mod acting;
mod containing;
mod migrations;
mod page;
mod pool;
mod prepared;
#[cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "as diesel's macro wants it"))]
pub mod schema;
mod sql_enum;
mod trouble;
mod violation;

pub use acting::Acting;
pub(crate) use containing::containing;
pub use diesel::result::Error;
pub use diesel_async::AsyncPgConnection as Conn;
#[cfg(feature = "testing")]
pub use migrations::revert_all;
pub use migrations::{MigrateError, migrate, pending_migrations, with_newest_migration};
pub use page::{Keyset, LongPage, Numbered, Page, Part};
#[cfg(feature = "testing")]
pub(crate) use pool::MAY_BE_WRITTEN;
pub use pool::{Pool, PoolError, PoolSettings, Scope, ScopedConn};
pub(crate) use prepared::prepared;
pub use sql_enum::UnknownValue;
pub(crate) use sql_enum::sql_enum;
pub use trouble::is_passing;
pub use violation::broken_constraint;
