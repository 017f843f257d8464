//! In whose name people are written to.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Tenant;
use crate::db::schema::{tenant_settings, tenants};
use crate::db::{Conn, Error};
use crate::ids::TenantId;

/// What a tenant's mails show of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Letterhead {
    pub tenant: Tenant,
    /// Where its people write to for help.
    pub support_email: Option<String>,
}

impl Letterhead {
    /// The tenant's, unless it is gone.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(conn: &mut Conn, tenant: TenantId) -> Result<Option<Self>, Error> {
        let found = tenants::table
            .left_join(tenant_settings::table.on(tenant_settings::tenant_id.eq(tenants::id)))
            .filter(tenants::id.eq(tenant))
            .select((Tenant::as_select(), tenant_settings::support_email.nullable()))
            .first::<(Tenant, Option<String>)>(conn)
            .await
            .optional()?;
        Ok(found.map(|(tenant, support_email)| Self {
            tenant,
            support_email: support_email.filter(|address| !address.is_empty()),
        }))
    }
}
