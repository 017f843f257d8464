//! Enrollments that end by the clock.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::ExpireEnrollments;
use super::{Enrollment, EnrollmentCause, EnrollmentError, EnrollmentStatus};
use crate::db::schema::{enrollments, tenants};
use crate::db::{Conn, Error};
use crate::ids::TenantId;
use crate::jobs;

impl Enrollment {
    /// Ends the enrollments of a tenant whose time is over, and says how many. The access to the
    /// course ended at that instant; this makes it a status.
    pub async fn expire_due(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<usize, Error> {
        diesel::update(enrollments::table)
            .filter(enrollments::tenant_id.eq(tenant))
            .filter(enrollments::status.eq(EnrollmentStatus::Active))
            .filter(enrollments::expires_at.le(now))
            .set((
                enrollments::status.eq(EnrollmentStatus::Expired),
                enrollments::cause.eq(EnrollmentCause::Clock),
                enrollments::updated_at.eq(now),
            ))
            .execute(conn)
            .await
    }

    /// What it is by now: one whose time is over is ended, also before the clock's job has come by.
    pub(super) async fn at(self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, Error> {
        if self.status != EnrollmentStatus::Active || self.expires_at.is_none_or(|end| now < end) {
            return Ok(self);
        }
        diesel::update(&self)
            .set((
                enrollments::status.eq(EnrollmentStatus::Expired),
                enrollments::cause.eq(EnrollmentCause::Clock),
                enrollments::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
    }

    /// Has every active tenant's enrollments looked at. `conn` is the platform's.
    pub async fn ask_for_expiry(conn: &mut Conn) -> Result<(), Error> {
        let tenants: Vec<TenantId> =
            tenants::table.filter(tenants::is_active).order(tenants::id).select(tenants::id).load(conn).await?;
        let looks: Vec<_> = tenants.into_iter().map(|tenant_id| ExpireEnrollments { tenant_id }).collect();
        jobs::enqueue_many(conn, &looks).await?;
        Ok(())
    }

    /// Says when it ends; never when none. One that has ended by the clock is active again when its
    /// end lies ahead, and completed when all was done by then.
    pub async fn end_at(
        &self,
        conn: &mut Conn,
        end: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Self, EnrollmentError> {
        conn.transaction(async |conn| {
            use EnrollmentStatus as S;
            let before: Self = enrollments::table
                .filter(enrollments::tenant_id.eq(self.tenant_id))
                .filter(enrollments::id.eq(self.id))
                .filter(enrollments::status.eq_any([S::Pending, S::Active, S::Expired]))
                .select(Self::as_select())
                .for_no_key_update()
                .first(conn)
                .await
                .optional()?
                .ok_or(EnrollmentError::NoEnd)?;
            let revived = before.status == S::Expired;
            if revived {
                Self::catch_up(conn, before.tenant_id, &[before.id], now).await?;
            }
            let changed = diesel::update(&before)
                .set((
                    enrollments::expires_at.eq(end),
                    enrollments::updated_at.eq(now),
                    revived.then(|| (enrollments::status.eq(S::Active), enrollments::cause.eq(EnrollmentCause::Staff))),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            Ok(changed)
        })
        .await
    }
}
