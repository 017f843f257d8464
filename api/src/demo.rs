//! `api seed-demo-data`: the demo's people have passwords, and only the API hashes.

use std::io::Write;

use chrono::{DateTime, Utc};
use shared::config::{DatabaseConfig, PlatformConfig};
use shared::db::Pool;
use shared::demo;

use crate::auth::Passwords;

/// Everybody's password. Shorter than the rules for passwords allow: nothing else may do that.
const PASSWORD: &str = "password123";

/// Fills the database with demo data and says how much it is.
///
/// # Errors
/// The database's, or the data is there already.
pub async fn seed(
    (database, platform): &(DatabaseConfig, PlatformConfig),
    clear: bool,
    if_empty: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let pool = Pool::new(&database.pool())?;
    let mut out = std::io::stdout();
    if if_empty && !demo::is_empty(&pool).await? {
        writeln!(out, "the database has tenants already: nothing was seeded")?;
        return Ok(());
    }
    if clear {
        demo::clear(&pool).await?;
    }
    let hash = Passwords::new().hash(PASSWORD.to_owned()).await?;
    for (slug, made) in demo::seed(&pool, &hash, &platform.vault()?, now).await? {
        writeln!(
            out,
            "{slug}: {} users, {} groups, {} courses, {} modules, {} content items, {} enrollments, {} group enrollments, {} certificates, \
             {} notifications, {} events, {} imports, {} devices, {} identity providers, {} learning platforms",
            made.users,
            made.groups,
            made.courses,
            made.modules,
            made.content_items,
            made.enrollments,
            made.group_enrollments,
            made.certificates,
            made.notifications,
            made.events,
            made.imports,
            made.devices,
            made.identity_providers,
            made.learning_platforms
        )?;
    }
    writeln!(out, "everybody's password is {PASSWORD}")?;
    Ok(())
}
