//! The tenant itself.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::db::schema::{tenant_domains, tenants};
use crate::db::{Conn, Error};
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
    /// What is switched on for it.
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
}
