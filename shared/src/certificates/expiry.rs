//! Certificates that will not count much longer: their holders are told while they can still
//! ask for another term.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::jobs::TellOfExpiry;
use crate::db::schema::tenants;
use crate::db::{Conn, Error};
use crate::ids::{CertificateId, TenantId, UserId};
use crate::jobs::enqueue_many;

/// A certificate that will expire.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Expiring {
    #[diesel(sql_type = SqlUuid)]
    pub id: CertificateId,
    #[diesel(sql_type = SqlUuid)]
    pub user_id: UserId,
    #[diesel(sql_type = Text)]
    pub course_title: String,
    #[diesel(sql_type = SqlUuid)]
    pub verification_code: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
}

/// What a single job does at most; the next one goes on.
const AT_ONCE: i64 = 1_000;

impl Expiring {
    /// Takes the certificates of whose end their holders are to be told now: thirty days before it,
    /// or after half their term when that is later. Each is taken once in a term; whoever takes it tells
    /// of it in the same transaction.
    pub async fn take(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<Self>, Error> {
        diesel::sql_query(
            "update certificates set expiry_told_at = $2
             where tenant_id = $1 and id in (
                select id from certificates
                where tenant_id = $1 and status = 'ISSUED' and expiry_told_at is null
                    and expires_at > $2 and expires_at <= $2::timestamptz + interval '30 days'
                    and expires_at - (expires_at - coalesce(renewed_at, issued_at)) / 2 <= $2
                order by expires_at, id limit $3 for no key update skip locked)
             returning id, user_id, course_title, verification_code, expires_at",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(AT_ONCE)
        .load(conn)
        .await
    }

    /// Asks for every active tenant's to be told of. `conn` is the platform's.
    pub async fn request_all(conn: &mut Conn) -> Result<usize, Error> {
        let active: Vec<TenantId> =
            tenants::table.filter(tenants::is_active).order(tenants::id).select(tenants::id).load(conn).await?;
        let wanted: Vec<_> = active.into_iter().map(|tenant_id| TellOfExpiry { tenant_id }).collect();
        enqueue_many(conn, &wanted).await
    }
}
