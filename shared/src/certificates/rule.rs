//! How a course's certificates are given.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::certificate_rules;
use crate::db::{Conn, Error};
use crate::ids::{CourseId, TenantId};

/// How a course's certificates are given. A course that says nothing gives them for ever.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = certificate_rules, treat_none_as_default_value = false)]
pub struct CertificateRule {
    pub course_id: CourseId,
    pub tenant_id: TenantId,
    /// Days from the completion or the renewal; none for ever.
    pub valid_days: Option<i32>,
    /// Zero: never written.
    pub version: i32,
    pub updated_at: DateTime<Utc>,
}

impl CertificateRule {
    /// A course's rule.
    pub async fn of(conn: &mut Conn, tenant: TenantId, course: CourseId, now: DateTime<Utc>) -> Result<Self, Error> {
        let found = certificate_rules::table
            .filter(certificate_rules::tenant_id.eq(tenant))
            .filter(certificate_rules::course_id.eq(course))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()?;
        let unset = Self { course_id: course, tenant_id: tenant, valid_days: None, version: 0, updated_at: now };
        Ok(found.unwrap_or(unset))
    }

    /// Sets it, for certificates that are issued from now on.
    pub async fn set(
        conn: &mut Conn,
        tenant: TenantId,
        course: CourseId,
        valid_days: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let new = Self { course_id: course, tenant_id: tenant, valid_days, version: 1, updated_at: now };
        diesel::insert_into(certificate_rules::table)
            .values(&new)
            .on_conflict(certificate_rules::course_id)
            .do_update()
            .set((
                certificate_rules::valid_days.eq(valid_days),
                certificate_rules::version.eq(certificate_rules::version + 1),
                certificate_rules::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
    }

    /// When a certificate whose term begins then ends to count.
    pub fn expiry(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        from.checked_add_signed(TimeDelta::try_days(self.valid_days?.into())?)
    }
}
