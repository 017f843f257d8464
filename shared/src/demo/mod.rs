//! The demo data of `api seed-demo-data`: two tenants with people, courses and a past.
//!
//! The same on every machine, but for what is secret: ids are made from names, choices from positions,
//! and times count back from the day of seeding. How many there are of each is in [`Summary`], and a test holds it
//! to what the README promises.

mod catalog;
mod courses;
mod discussions;
mod files;
mod imports;
mod learning;
mod news;
mod people;
mod together;
mod trust;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::AsyncConnection;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::schema::{jobs, tenants, users};
use crate::db::{Conn, Error, Pool, Scope};
use crate::ids::TenantId;
use crate::secret::Vault;

/// The demo tenants: slug, name, colour.
const TENANTS: [(&str, &str, &str); 2] = [("acme", "Acme Learning", "#3B82F6"), ("techu", "TechU Academy", "#10B981")];

/// How many rows were made in each tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub users: usize,
    pub groups: usize,
    pub courses: usize,
    pub modules: usize,
    pub content_items: usize,
    pub enrollments: usize,
    pub group_enrollments: usize,
    pub certificates: usize,
    pub notifications: usize,
    pub announcements: usize,
    pub threads: usize,
    pub replies: usize,
    pub events: usize,
    pub enrollment_changes: usize,
    pub imports: usize,
    pub devices: usize,
    pub identity_providers: usize,
    pub learning_platforms: usize,
}

/// Demo data cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// It is there already: clear it first.
    #[error("the demo tenants exist already; use --clear to make them anew")]
    AlreadyThere,
    /// No connection.
    #[error(transparent)]
    Pool(#[from] crate::db::PoolError),
    /// The database refused.
    #[error(transparent)]
    Database(#[from] Error),
    /// No key, or nothing can be sealed.
    #[error("no secrets can be made")]
    Secret(#[source] anyhow::Error),
}

/// Whether nobody has used the database yet.
pub async fn is_empty(pool: &Pool) -> Result<bool, DemoError> {
    let mut conn = pool.get(Scope::Platform).await?;
    let found = diesel::dsl::select(diesel::dsl::exists(tenants::table.select(tenants::id)))
        .get_result::<bool>(&mut conn)
        .await?;
    Ok(!found)
}

/// Removes the demo tenants with everything in them, and the demo superuser.
pub async fn clear(pool: &Pool) -> Result<(), DemoError> {
    let mut conn = pool.get(Scope::Platform).await?;
    conn.transaction(async |conn| {
        let slugs = TENANTS.map(|(slug, ..)| slug);
        let ids: Vec<TenantId> =
            tenants::table.filter(tenants::slug.eq_any(slugs)).select(tenants::id).load(conn).await?;
        diesel::delete(jobs::table.filter(jobs::tenant_id.eq_any(&ids))).execute(conn).await?;
        diesel::delete(tenants::table.filter(tenants::id.eq_any(&ids))).execute(conn).await?;
        diesel::delete(users::table.filter(users::email.eq(people::SUPERUSER))).execute(conn).await?;
        Ok::<_, Error>(())
    })
    .await?;
    Ok(())
}

/// Makes the demo data as of `now`. Everybody's password has the hash `password_hash`, and secrets are
/// sealed by `vault`; what each tenant has is returned by slug.
pub async fn seed(
    pool: &Pool,
    password_hash: &str,
    vault: &Vault,
    now: DateTime<Utc>,
) -> Result<Vec<(&'static str, Summary)>, DemoError> {
    // From midnight: the data of one day is the same whatever the hour.
    let today = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let mut platform = pool.get(Scope::Platform).await?;
    people::superuser(&mut platform, password_hash, today).await?;
    let mut made = Vec::new();
    for (slug, name, color) in TENANTS {
        people::tenant(&mut platform, slug, name, color, today).await?;
        let seed = Seed { slug, tenant: TenantId(id(slug, "tenant")), today, password_hash, vault };
        let mut conn = pool.get(Scope::Tenant(seed.tenant)).await?;
        let summary = conn.transaction(async |conn| seed.fill(conn).await).await?;
        made.push((slug, summary));
    }
    Ok(made)
}

/// What the files of this folder need to know of the tenant they fill.
struct Seed<'a> {
    slug: &'static str,
    tenant: TenantId,
    today: DateTime<Utc>,
    password_hash: &'a str,
    vault: &'a Vault,
}

impl Seed<'_> {
    /// Fills the tenant.
    async fn fill(&self, conn: &mut Conn) -> Result<Summary, DemoError> {
        let users = self.people(conn).await?;
        let groups = self.groups(conn).await?;
        self.folders(conn).await?;
        let outline = self.courses(conn).await?;
        let group_enrollments = self.together(conn, &outline).await?;
        let past = self.learning(conn, &outline).await?;
        let announcements = self.announcements(conn, &outline).await?;
        let (threads, replies) = self.discussions(conn, &outline).await?;
        let imports = self.imports(conn, &outline).await?;
        let devices = self.devices(conn).await?;
        let (identity_providers, learning_platforms) = self.trust(conn).await?;
        Ok(Summary {
            users,
            groups,
            courses: outline.courses.len(),
            modules: outline.modules,
            content_items: outline.courses.iter().map(|course| course.items.len()).sum(),
            enrollments: past.enrollments,
            group_enrollments,
            certificates: past.certificates,
            notifications: past.notifications,
            announcements,
            threads,
            replies,
            events: past.events,
            enrollment_changes: past.changes,
            imports,
            devices,
            identity_providers,
            learning_platforms,
        })
    }

    /// The id of the thing that is called so in this tenant.
    fn id(&self, name: &str) -> Uuid {
        id(self.slug, name)
    }

    /// So many days before the day of seeding, at nine and a bit.
    fn days_ago(&self, days: usize) -> DateTime<Utc> {
        let days = i64::try_from(days).unwrap_or_default();
        self.today - TimeDelta::days(days) + TimeDelta::hours(9) + TimeDelta::minutes(days % 60)
    }
}

/// An id made from names (UUID version 8: of our own making).
fn id(slug: &str, name: &str) -> Uuid {
    let hash = Sha256::digest(format!("lms demo {slug} {name}"));
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
