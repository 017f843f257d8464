//! What is done with a certificate that is there: it is taken back, drawn again, renewed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::certificate::{after, name};
use super::jobs::RenderCertificate;
use super::{Certificate, CertificateRule, CertificateStatus};
use crate::db::schema::{certificates, users};
use crate::db::{Conn, Error};
use crate::ids::UserId;
use crate::jobs::{Enqueued, JobOptions, enqueue_with};
use crate::tenants::Feature;

/// Why a certificate was not changed.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Revoked for good.
    #[error("this certificate has been revoked")]
    Revoked,
    /// It counts for ever: a term would only take something away.
    #[error("this certificate never expires: there is nothing to renew")]
    NeverExpires,
    /// The tenant gives none just now.
    #[error("certificates are switched off here")]
    SwitchedOff,
    /// The database's.
    #[error(transparent)]
    Database(#[from] Error),
}

impl Certificate {
    /// Takes it back, for good.
    pub async fn revoke(&self, conn: &mut Conn, reason: &str, now: DateTime<Utc>) -> Result<Self, CertificateError> {
        diesel::update(self)
            .filter(certificates::tenant_id.eq(self.tenant_id))
            .filter(certificates::status.ne(CertificateStatus::Revoked))
            .set((
                certificates::status.eq(CertificateStatus::Revoked),
                certificates::revoked_at.eq(now),
                certificates::revoked_because.eq(reason),
                certificates::updated_at.eq(after(self.updated_at, now)),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?
            .ok_or(CertificateError::Revoked)
    }

    /// Has its page drawn again, in the tenant's dress and with the learner's name of today: a name
    /// that was misspelt or has changed is what people ask this for. The code stays.
    pub async fn reissue(
        &self,
        conn: &mut Conn,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<(Self, Enqueued), CertificateError> {
        conn.transaction(async |conn| self.draw_again(conn, by, now).await).await
    }

    /// Lets it count for another term, by the course's rule of today and from now on, and has its
    /// page drawn again. Its holder will be told of the new end as of the old one.
    pub async fn renew(
        &self,
        conn: &mut Conn,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<(Self, Enqueued), CertificateError> {
        conn.transaction(async |conn| {
            let rule = CertificateRule::of(conn, self.tenant_id, self.course_id, now).await?;
            let renewed = diesel::update(self)
                .filter(certificates::tenant_id.eq(self.tenant_id))
                .filter(certificates::status.ne(CertificateStatus::Revoked))
                .filter(certificates::expires_at.is_not_null())
                .set((
                    certificates::expires_at.eq(rule.expiry(now)),
                    certificates::expiry_told_at.eq(None::<DateTime<Utc>>),
                    certificates::renewed_at.eq(now),
                ))
                .execute(conn)
                .await?;
            let drawn = self.draw_again(conn, by, now).await?;
            if renewed == 0 { Err(CertificateError::NeverExpires) } else { Ok(drawn) }
        })
        .await
    }

    async fn draw_again(
        &self,
        conn: &mut Conn,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<(Self, Enqueued), CertificateError> {
        if !Feature::Certificates.is_on(conn, self.tenant_id).await? {
            return Err(CertificateError::SwitchedOff);
        }
        let learner: (String, String) = users::table
            .filter(users::tenant_id.eq(self.tenant_id))
            .filter(users::id.eq(self.user_id))
            .select((users::first_name, users::last_name))
            .first(conn)
            .await?;
        let certificate: Self = diesel::update(self)
            .filter(certificates::tenant_id.eq(self.tenant_id))
            .filter(certificates::status.ne(CertificateStatus::Revoked))
            .set((
                certificates::learner_name.eq(name(&learner).unwrap_or_else(|| self.learner_name.clone())),
                certificates::updated_at.eq(after(self.updated_at, now)),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?
            .ok_or(CertificateError::Revoked)?;
        let job = RenderCertificate { tenant_id: self.tenant_id, certificate_id: self.id };
        let options = JobOptions { created_by: Some(by), ..JobOptions::default() };
        let job = enqueue_with(conn, &job, options).await?;
        Ok((certificate, job))
    }
}
