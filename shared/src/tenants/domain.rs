//! The host names under which a tenant is reached.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::TenantError;
use crate::db::schema::{tenant_domains, tenants};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{TenantDomainId, TenantId};

/// A host name of a tenant.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = tenant_domains)]
pub struct TenantDomain {
    pub id: TenantDomainId,
    pub tenant_id: TenantId,
    /// In lower case; unique on the platform.
    pub domain: String,
    /// The one for links; one for each tenant that has any.
    pub is_primary: bool,
    pub created_at: DateTime<Utc>,
}

impl TenantDomain {
    /// A host name as it is stored: lower case, without the root's dot. None for what is no host
    /// name, or is everybody's.
    pub fn normal(name: &str) -> Option<String> {
        let name = name.trim().trim_end_matches('.').to_ascii_lowercase();
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let labels: Vec<&str> = name.split('.').collect();
        let is_number = labels.last().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
        let is_host = labels.len() >= 2 && name.len() <= 253 && labels.iter().all(|label| is_label(label));
        (is_host && !is_number).then_some(name)
    }

    /// The domains of these tenants, the primary ones first.
    pub async fn of_all(conn: &mut Conn, tenants: &[TenantId]) -> Result<Vec<Self>, Error> {
        tenant_domains::table
            .filter(tenant_domains::tenant_id.eq_any(tenants))
            .order((tenant_domains::is_primary.desc(), tenant_domains::domain))
            .select(Self::as_select())
            .load(conn)
            .await
    }

    /// The domains of a tenant, the primary one first.
    pub async fn list(conn: &mut Conn, tenant: TenantId, page: Numbered) -> Result<Page<Self>, Error> {
        let its = tenant_domains::table.filter(tenant_domains::tenant_id.eq(tenant));
        let total = its.count().get_result(conn).await?;
        let domains = its
            .order((tenant_domains::is_primary.desc(), tenant_domains::domain))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(domains, total))
    }

    /// Gives a tenant host names; the first of all becomes the primary one. All or none.
    pub async fn add(
        conn: &mut Conn,
        tenant: TenantId,
        names: &[String],
        now: DateTime<Utc>,
    ) -> Result<Vec<Self>, TenantError> {
        conn.transaction(async |conn| {
            lock(conn, tenant).await?;
            let mut has_any =
                diesel::select(diesel::dsl::exists(tenant_domains::table.filter(tenant_domains::tenant_id.eq(tenant))))
                    .get_result::<bool>(conn)
                    .await?;
            let mut added = Vec::with_capacity(names.len());
            for name in names {
                let row = Self {
                    id: TenantDomainId::new(),
                    tenant_id: tenant,
                    domain: name.clone(),
                    is_primary: !has_any,
                    created_at: now,
                };
                let inserted = diesel::insert_into(tenant_domains::table)
                    .values(&row)
                    .on_conflict(tenant_domains::domain)
                    .do_nothing()
                    .execute(conn)
                    .await?;
                if inserted == 0 {
                    return Err(TenantError::DomainTaken(name.clone()));
                }
                has_any = true;
                added.push(row);
            }
            Ok(added)
        })
        .await
    }

    /// Takes a host name from a tenant; when it was the primary one, the oldest other becomes it.
    /// Says whether the tenant had it.
    pub async fn remove(conn: &mut Conn, tenant: TenantId, id: TenantDomainId) -> Result<bool, Error> {
        conn.transaction(async |conn| {
            lock(conn, tenant).await?;
            let removed = diesel::delete(tenant_domains::table)
                .filter(tenant_domains::tenant_id.eq(tenant))
                .filter(tenant_domains::id.eq(id))
                .returning(tenant_domains::is_primary)
                .get_result::<bool>(conn)
                .await
                .optional()?;
            if removed == Some(true) {
                let oldest = tenant_domains::table
                    .filter(tenant_domains::tenant_id.eq(tenant))
                    .order((tenant_domains::created_at, tenant_domains::id))
                    .select(tenant_domains::id)
                    .first::<TenantDomainId>(conn)
                    .await
                    .optional()?;
                if let Some(oldest) = oldest {
                    diesel::update(tenant_domains::table.find(oldest))
                        .set(tenant_domains::is_primary.eq(true))
                        .execute(conn)
                        .await?;
                }
            }
            Ok(removed.is_some())
        })
        .await
    }
}

/// Changes of a tenant's domains wait for each other, so that one is the first.
async fn lock(conn: &mut Conn, tenant: TenantId) -> Result<(), Error> {
    let row = tenants::table.filter(tenants::id.eq(tenant)).select(tenants::id);
    row.for_no_key_update().load::<TenantId>(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::TenantDomain;

    #[test]
    fn only_host_names_are_domains() {
        for (given, kept) in [
            ("Acme.LocalHost", Some("acme.localhost")),
            (" learn.example.org. ", Some("learn.example.org")),
            ("localhost", None),
            ("127.0.0.1", None),
            ("a b.org", None),
            ("-a.org", None),
            ("a..org", None),
            ("a.org:8000", None),
            ("https://a.org", None),
            ("", None),
        ] {
            assert_eq!(TenantDomain::normal(given).as_deref(), kept, "{given}");
        }
    }
}
