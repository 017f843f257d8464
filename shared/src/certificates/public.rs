//! What anybody who knows the code may learn of a certificate.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::CertificateStatus;
use crate::db::schema::{certificates, tenants};
use crate::db::{Conn, Error};

/// A certificate as strangers see it: no e-mail, no ids.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct PublicCertificate {
    pub status: CertificateStatus,
    pub learner_name: String,
    pub course_title: String,
    pub instructor_name: Option<String>,
    pub description: String,
    pub verification_code: Uuid,
    pub issued_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who gave it.
    pub tenant_name: String,
    /// The tenant's colours.
    pub theme_config: Value,
}

/// Whether a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Valid,
    /// Not yet: it is being made.
    Pending,
    /// Not any more: its time has passed.
    Expired,
    /// Not any more: it was taken back.
    Revoked,
}

impl PublicCertificate {
    /// The certificate with this code, of whatever tenant. `conn` is the platform's.
    pub async fn find(conn: &mut Conn, code: Uuid) -> Result<Option<Self>, Error> {
        certificates::table
            .inner_join(tenants::table.on(tenants::id.eq(certificates::tenant_id)))
            .filter(certificates::verification_code.eq(code))
            .select((
                certificates::status,
                certificates::learner_name,
                certificates::course_title,
                certificates::instructor_name,
                certificates::description,
                certificates::verification_code,
                certificates::issued_at,
                certificates::expires_at,
                certificates::revoked_at,
                tenants::name,
                tenants::theme_config,
            ))
            .first(conn)
            .await
            .optional()
    }

    /// Whether it counts now.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        match self.status {
            CertificateStatus::Revoked => Standing::Revoked,
            _ if self.expires_at.is_some_and(|end| end <= now) => Standing::Expired,
            CertificateStatus::Pending => Standing::Pending,
            CertificateStatus::Issued => Standing::Valid,
        }
    }
}
