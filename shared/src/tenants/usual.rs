//! How the clocks and the language of a tenant's people are set until they say otherwise.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::{platform_settings, tenant_settings};
use crate::db::{Conn, Error};
use crate::ids::TenantId;

/// The usual language and zone: the tenant's or, where it has set nothing, the platform's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usual {
    /// A language tag.
    pub language: String,
    /// An IANA zone.
    pub timezone: String,
}

impl Usual {
    /// The usual ones of a tenant; of the platform for those who belong to none.
    pub async fn of(conn: &mut Conn, tenant: Option<TenantId>) -> Result<Self, Error> {
        let (language, timezone, own) = platform_settings::table
            .left_join(tenant_settings::table.on(tenant_settings::tenant_id.nullable().eq(tenant)))
            .select((
                platform_settings::default_language,
                platform_settings::timezone,
                (tenant_settings::default_language, tenant_settings::timezone).nullable(),
            ))
            .first::<(String, String, Option<(String, String)>)>(conn)
            .await?;
        let (language, timezone) = own.unwrap_or((language, timezone));
        Ok(Self { language, timezone })
    }
}
