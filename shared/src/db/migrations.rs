//! Bringing a database to the newest shape.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel_async::{AsyncConnection, AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, Error};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");
const ROLES: &str = include_str!("roles.sql");

/// The database could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It cannot be reached.
    #[error("cannot connect to migrate")]
    Connect(#[from] diesel::ConnectionError),
    /// The roles could not be made, or the login may not use them.
    #[error("cannot prepare the database's roles")]
    Roles(#[source] Error),
    /// A migration failed; those before it are kept.
    #[error("a migration failed: {0}")]
    Migration(Box<dyn std::error::Error + Send + Sync>),
}

/// Makes the roles, runs what migrations are missing, and lets `server_login` (the user of
/// `DATABASE_URL`) act in the server's roles. Returns the names of the migrations that were run.
///
/// Several processes may call this at once: they take turns.
///
/// Must run on a multi-threaded runtime, because the migrations run in place of a worker thread.
///
/// # Errors
/// See [`MigrateError`].
pub async fn migrate(owner_url: &str, server_login: Option<&str>) -> Result<Vec<String>, MigrateError> {
    let mut conn = Conn::establish(owner_url).await?;
    let prepare = async |conn: &mut Conn| -> Result<(), Error> {
        // Held until the connection closes. The number is arbitrary and ours.
        conn.batch_execute("select pg_advisory_lock(7203301)").await?;
        diesel::sql_query("select set_config('lms.login', $1, false)")
            .bind::<diesel::sql_types::Text, _>(server_login.unwrap_or_default())
            .execute(conn)
            .await?;
        conn.batch_execute(ROLES).await?;
        conn.batch_execute("set role lms_owner; set lock_timeout = '5s'").await
    };
    prepare(&mut conn).await.map_err(MigrateError::Roles)?;

    let mut harness = AsyncMigrationHarness::new(conn);
    let run = harness.run_pending_migrations(MIGRATIONS).map_err(MigrateError::Migration)?;
    let names = run.iter().map(ToString::to_string).collect();
    let mut conn = harness.into_inner();
    conn.batch_execute("grant select on __diesel_schema_migrations to lms_app, lms_platform, lms_relay")
        .await
        .map_err(MigrateError::Roles)?;
    Ok(names)
}

/// Takes all migrations back, newest first, and says how many. For the test that each can be:
/// nothing else loses data on purpose.
///
/// # Errors
/// See [`MigrateError`].
#[cfg(feature = "testing")]
pub async fn revert_all(owner_url: &str) -> Result<usize, MigrateError> {
    let mut conn = Conn::establish(owner_url).await?;
    conn.batch_execute("set role lms_owner").await.map_err(MigrateError::Roles)?;
    let mut harness = AsyncMigrationHarness::new(conn);
    let undone = harness.revert_all_migrations(MIGRATIONS).map_err(MigrateError::Migration)?;
    Ok(undone.len())
}

/// How many migrations of this binary the database has not seen.
///
/// # Errors
/// The database cannot be asked, or was never migrated.
pub async fn pending_migrations(conn: &mut Conn) -> Result<usize, Error> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let seen: Vec<Row> = diesel::sql_query("select version from __diesel_schema_migrations").load(conn).await?;
    let known = embedded();
    Ok(known.iter().filter(|name| !seen.iter().any(|row| row.version == **name)).count())
}

/// Names the newest migration to `f`: the version of the database that this binary wants.
pub fn with_newest_migration<T>(f: impl FnOnce(&str) -> T) -> T {
    let names = embedded();
    f(names.last().map_or("", String::as_str))
}

fn embedded() -> Vec<String> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().unwrap_or_default();
    let mut versions: Vec<String> = migrations
        .iter()
        .map(|migration| MigrationVersion::as_owned(&migration.name().version()).to_string())
        .collect();
    versions.sort();
    versions
}
