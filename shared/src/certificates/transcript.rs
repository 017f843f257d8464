//! All that a person has learnt, on one document.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::CertificateStatus;
use crate::db::schema::{certificates, courses, enrollments};
use crate::db::{Conn, Error};
use crate::enrollments::EnrollmentStatus;
use crate::ids::{JobId, TenantId, UserId};

/// A course of a person, as a transcript lists it.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct TranscriptLine {
    pub course_title: String,
    /// Estimated.
    pub hours: i32,
    pub status: EnrollmentStatus,
    /// Percent.
    pub progress: i16,
    pub enrolled_at: DateTime<Utc>,
    pub completed_at: Option<DateTime<Utc>>,
    /// Its certificate's state and code.
    pub certificate: Option<(CertificateStatus, Uuid)>,
}

/// More courses than anybody takes; a transcript ends there.
const MOST: i64 = 1_000;

impl TranscriptLine {
    /// A person's courses: completed ones first, in their order, then those that they are in or were.
    pub async fn of(conn: &mut Conn, tenant: TenantId, user: UserId) -> Result<Vec<Self>, Error> {
        let its_certificate =
            certificates::enrollment_id.eq(enrollments::id).and(certificates::tenant_id.eq(enrollments::tenant_id));
        enrollments::table
            .inner_join(courses::table)
            .left_join(certificates::table.on(its_certificate))
            .filter(enrollments::tenant_id.eq(tenant))
            .filter(enrollments::user_id.eq(user))
            .filter(enrollments::status.eq_any([
                EnrollmentStatus::Completed,
                EnrollmentStatus::Active,
                EnrollmentStatus::Expired,
            ]))
            .order((enrollments::completed_at.asc().nulls_last(), enrollments::enrolled_at, enrollments::id))
            .limit(MOST)
            .select((
                courses::title,
                courses::estimated_duration,
                enrollments::status,
                enrollments::progress,
                enrollments::enrolled_at,
                enrollments::completed_at,
                (certificates::status, certificates::verification_code).nullable(),
            ))
            .load(conn)
            .await
    }

    /// The code of a certificate that was not taken back.
    pub fn code(&self) -> Option<Uuid> {
        self.certificate.filter(|(status, _)| *status != CertificateStatus::Revoked).map(|(_, code)| code)
    }
}

/// How long a transcript can be downloaded; whoever wants it later asks for a new one, which says
/// what is true then.
pub const TRANSCRIPT_KEPT_FOR: TimeDelta = TimeDelta::days(1);

/// Where the transcript that a job has drawn lies in the store.
pub fn transcript_key(tenant: TenantId, job: JobId) -> String {
    format!("tenants/{tenant}/transcripts/{job}.pdf")
}
