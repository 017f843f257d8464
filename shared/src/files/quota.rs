//! How much a tenant keeps, and how much it may.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid};
use diesel_async::RunQueryDsl;

use super::FileError;
use crate::db::schema::file_quotas;
use crate::db::{Conn, Error};
use crate::ids::TenantId;

/// How much a tenant keeps, and how much it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub used_bytes: i64,
    /// The tenant's own limit, or the platform's usual one.
    pub limit_bytes: i64,
    /// Whether the limit is the tenant's own.
    pub is_own_limit: bool,
}

impl Quota {
    /// The tenant's; `usual` is the limit of those that have none of their own.
    pub async fn of(conn: &mut Conn, tenant: TenantId, usual: i64) -> Result<Self, Error> {
        let found = file_quotas::table
            .filter(file_quotas::tenant_id.eq(tenant))
            .select((file_quotas::used_bytes, file_quotas::limit_bytes))
            .first::<(i64, Option<i64>)>(conn)
            .await
            .optional()?;
        let (used_bytes, own) = found.unwrap_or_default();
        Ok(Self { used_bytes, limit_bytes: own.unwrap_or(usual), is_own_limit: own.is_some() })
    }

    /// Gives the tenant a limit of its own, or the usual one. What is there stays.
    pub async fn set_limit(conn: &mut Conn, tenant: TenantId, limit: Option<i64>) -> Result<(), Error> {
        diesel::insert_into(file_quotas::table)
            .values((file_quotas::tenant_id.eq(tenant), file_quotas::limit_bytes.eq(limit)))
            .on_conflict(file_quotas::tenant_id)
            .do_update()
            .set(file_quotas::limit_bytes.eq(limit))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Takes room, if there is so much.
    pub(super) async fn take(conn: &mut Conn, tenant: TenantId, bytes: i64, usual: i64) -> Result<(), FileError> {
        // Who has no row yet has nothing else either.
        if bytes > usual && !Self::of(conn, tenant, usual).await?.is_own_limit {
            return Err(FileError::QuotaExceeded);
        }
        let taken = diesel::sql_query(include_str!("take_quota.sql"))
            .bind::<Uuid, _>(tenant.0)
            .bind::<BigInt, _>(bytes)
            .bind::<BigInt, _>(usual)
            .execute(conn)
            .await?;
        if taken == 1 { Ok(()) } else { Err(FileError::QuotaExceeded) }
    }

    /// Gives room back.
    pub(super) async fn give_back(conn: &mut Conn, tenant: TenantId, bytes: i64) -> Result<(), Error> {
        diesel::update(file_quotas::table.filter(file_quotas::tenant_id.eq(tenant)))
            .set(file_quotas::used_bytes.eq(file_quotas::used_bytes - bytes))
            .execute(conn)
            .await?;
        Ok(())
    }
}
