//! The tenant itself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Jsonb;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::TenantDomain;
use crate::db::schema::{tenant_domains, tenants};
use crate::db::{Conn, Error, Numbered, Page, broken_constraint, containing};
use crate::ids::TenantId;

/// A school or a company.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = tenants)]
pub struct Tenant {
    pub id: TenantId,
    pub name: String,
    /// For addresses and the `X-Tenant-Slug` header.
    pub slug: String,
    /// Off: nobody of it may sign in.
    pub is_active: bool,
    /// Colours and texts of its own.
    pub theme_config: Value,
    /// What is switched on for it; see [`Feature`](super::Feature).
    pub feature_flags: Value,
    /// Goes up with each change.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Tenant {
    /// The tenant with this id.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(conn: &mut Conn, id: TenantId) -> Result<Option<Self>, Error> {
        tenants::table.find(id).select(Self::as_select()).first(conn).await.optional()
    }

    /// The tenant with this slug.
    ///
    /// # Errors
    /// The database's.
    pub async fn find_by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Self>, Error> {
        tenants::table.filter(tenants::slug.eq(slug)).select(Self::as_select()).first(conn).await.optional()
    }

    /// The tenant with this id or slug, as stands in an address.
    pub async fn find_by_name(conn: &mut Conn, name: &str) -> Result<Option<Self>, Error> {
        match name.parse() {
            Ok(id) => Self::find(conn, id).await,
            Err(_) => Self::find_by_slug(conn, name).await,
        }
    }

    /// The tenant that a host name belongs to; `domain` in lower case.
    ///
    /// # Errors
    /// The database's.
    pub async fn find_by_domain(conn: &mut Conn, domain: &str) -> Result<Option<Self>, Error> {
        tenants::table
            .inner_join(tenant_domains::table)
            .filter(tenant_domains::domain.eq(domain))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// With its domains.
    pub async fn with_domains(self, conn: &mut Conn) -> Result<TenantRow, Error> {
        let domains = TenantDomain::of_all(conn, &[self.id]).await?;
        Ok(TenantRow { tenant: self, domains })
    }

    /// The tenants that match, by name.
    pub async fn list(conn: &mut Conn, filter: &TenantFilter, page: Numbered) -> Result<Page<TenantRow>, Error> {
        let total = matching(filter).count().get_result(conn).await?;
        let tenants: Vec<Self> = matching(filter)
            .order((tenants::name, tenants::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        let ids: Vec<TenantId> = tenants.iter().map(|tenant| tenant.id).collect();
        let mut domains = TenantDomain::of_all(conn, &ids).await?;
        let rows = tenants.into_iter().map(|tenant| {
            let its = domains.extract_if(.., |domain| domain.tenant_id == tenant.id).collect();
            TenantRow { tenant, domains: its }
        });
        Ok(Page::numbered(rows.collect(), total))
    }

    /// Makes a tenant, with its domains. Without a slug it gets one out of its name.
    pub async fn create(conn: &mut Conn, new: NewTenant, now: DateTime<Utc>) -> Result<TenantRow, TenantError> {
        conn.transaction(async |conn| {
            let tenant = match &new.slug {
                Some(slug) => Self::insert(conn, &new, slug, now).await?,
                None => Self::insert_under_free_slug(conn, &new, now).await?,
            };
            let domains = TenantDomain::add(conn, tenant.id, &new.domains, now).await?;
            Ok(TenantRow { tenant, domains })
        })
        .await
    }

    async fn insert_under_free_slug(conn: &mut Conn, new: &NewTenant, now: DateTime<Utc>) -> Result<Self, TenantError> {
        let stem = slug_of(&new.name);
        for number in 1..100 {
            let slug = if number == 1 { stem.clone() } else { format!("{stem}-{number}") };
            match Self::insert(conn, new, &slug, now).await {
                Err(TenantError::SlugTaken) => {}
                other => return other,
            }
        }
        Err(TenantError::SlugTaken)
    }

    async fn insert(conn: &mut Conn, new: &NewTenant, slug: &str, now: DateTime<Utc>) -> Result<Self, TenantError> {
        // A savepoint: a name that is taken must not end the transaction around it.
        conn.transaction(async |conn| {
            let tenant = diesel::insert_into(tenants::table)
                .values(Self {
                    id: TenantId::new(),
                    name: new.name.clone(),
                    slug: slug.to_owned(),
                    is_active: new.is_active,
                    theme_config: new.theme_config.clone(),
                    feature_flags: new.feature_flags.clone(),
                    version: 1,
                    created_at: now,
                    updated_at: now,
                })
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            Ok(tenant)
        })
        .await
    }

    /// Changes a tenant; `seen` is the version that the change is meant for. None when there is no
    /// such tenant.
    pub async fn change(
        conn: &mut Conn,
        id: TenantId,
        changes: TenantChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, TenantError> {
        conn.transaction(async |conn| {
            let row = tenants::table.filter(tenants::id.eq(id)).select(tenants::version);
            let found = row.for_no_key_update().first::<i32>(conn).await.optional()?;
            let Some(version) = found else { return Ok(None) };
            if seen.is_some_and(|seen| seen != version) {
                return Err(TenantError::Changed);
            }
            let tenant = diesel::update(tenants::table.find(id))
                .set((changes, tenants::version.eq(tenants::version + 1), tenants::updated_at.eq(now)))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            Ok(Some(tenant))
        })
        .await
    }

    /// Switches a tenant on when it is off, and off when it is on: nobody of one that is off is
    /// let in.
    pub async fn toggle(conn: &mut Conn, id: TenantId, now: DateTime<Utc>) -> Result<Option<Self>, Error> {
        diesel::update(tenants::table.find(id))
            .set((
                tenants::is_active.eq(diesel::dsl::not(tenants::is_active)),
                tenants::version.eq(tenants::version + 1),
                tenants::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()
    }

    /// Lays `features` over the tenant's: those that are not named stay as they are.
    pub(super) async fn switch_features(
        &self,
        conn: &mut Conn,
        features: &Value,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let merged = diesel::dsl::sql::<Jsonb>("feature_flags || ").bind::<Jsonb, _>(features);
        diesel::update(tenants::table.find(self.id))
            .set((
                tenants::feature_flags.eq(merged),
                tenants::version.eq(tenants::version + 1),
                tenants::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
    }
}

/// A tenant with its domains.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantRow {
    pub tenant: Tenant,
    /// The primary one first.
    pub domains: Vec<TenantDomain>,
}

/// Which tenants are wanted.
#[derive(Debug, Clone, Default)]
pub struct TenantFilter {
    /// This one at most.
    pub only: Option<TenantId>,
    /// A part of name, slug or domain.
    pub search: Option<String>,
    pub is_active: Option<bool>,
}

/// A tenant about to be made.
#[derive(Debug, Clone)]
pub struct NewTenant {
    pub name: String,
    pub slug: Option<String>,
    pub is_active: bool,
    pub theme_config: Value,
    pub feature_flags: Value,
    /// In their stored form.
    pub domains: Vec<String>,
}

/// What may be changed of a tenant; what is `None` stays. The slug is for ever.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = tenants)]
pub struct TenantChanges {
    pub name: Option<String>,
    pub is_active: Option<bool>,
    pub theme_config: Option<Value>,
    pub feature_flags: Option<Value>,
}

/// Why a tenant cannot be made or changed so.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The name is another tenant's.
    #[error("There is a tenant with this name already.")]
    NameTaken,
    /// The slug is another tenant's.
    #[error("There is a tenant with this slug already.")]
    SlugTaken,
    /// The domain is a tenant's, perhaps this one's.
    #[error("The domain {0} is taken.")]
    DomainTaken(String),
    /// Somebody else was faster.
    #[error("The tenant was changed meanwhile.")]
    Changed,
    /// The database's.
    #[error(transparent)]
    Database(Error),
}

impl From<Error> for TenantError {
    fn from(error: Error) -> Self {
        match broken_constraint(&error) {
            Some("tenants_name_unique") => Self::NameTaken,
            Some("tenants_slug_unique") => Self::SlugTaken,
            _ => Self::Database(error),
        }
    }
}

fn matching(filter: &TenantFilter) -> tenants::BoxedQuery<'_, diesel::pg::Pg> {
    let mut query = tenants::table.into_boxed();
    if let Some(only) = filter.only {
        query = query.filter(tenants::id.eq(only));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(tenants::is_active.eq(is_active));
    }
    if let Some(search) = filter.search.as_deref().map(str::trim).filter(|search| !search.is_empty()) {
        let pattern = containing(search);
        let by_domain = diesel::dsl::exists(
            tenant_domains::table
                .filter(tenant_domains::tenant_id.eq(tenants::id))
                .filter(tenant_domains::domain.ilike(pattern.clone())),
        );
        query = query.filter(tenants::name.ilike(pattern.clone()).or(tenants::slug.ilike(pattern)).or(by_domain));
    }
    query
}

/// A name in the letters of an address.
fn slug_of(name: &str) -> String {
    let plain: String =
        name.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign.to_ascii_lowercase() } else { '-' }).collect();
    let slug = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let slug: String = slug.chars().take(200).collect();
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "tenant".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::slug_of;

    #[test]
    fn a_slug_is_made_of_the_names_letters() {
        for (name, slug) in [("Acme Learning", "acme-learning"), (" --A.B  C! ", "a-b-c"), ("学校", "tenant")] {
            assert_eq!(slug_of(name), slug);
        }
    }
}
