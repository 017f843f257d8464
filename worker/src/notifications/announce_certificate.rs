//! Telling a learner that their certificate is there.

use shared::certificates::jobs::CertificateReady;
use shared::certificates::{Certificate, CertificateStatus};
use shared::db::Conn;
use shared::notifications::{NewNotification, Notice, notify};

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once: the notification is committed with the job's outcome, and a certificate has one.
pub async fn announce(conn: &mut Conn, ctx: &Ctx, job: CertificateReady) -> Outcome {
    let certificate = Certificate::find(conn, ctx.tenant(), job.certificate_id).await?;
    let Some(certificate) = certificate.filter(|it| it.status == CertificateStatus::Issued) else {
        return Ok(()); // Revoked meanwhile, or gone.
    };
    let news = NewNotification {
        tenant: ctx.tenant(),
        recipient: certificate.user_id,
        notice: Notice::CertificateIssued {
            course_title: certificate.course_title,
            code: certificate.verification_code,
        },
        dedupe_key: format!("certificate_issued:{}", certificate.id),
    };
    notify(conn, &news, ctx.now()).await?;
    Ok(())
}
