//! Telling holders that their certificates will not count much longer.

use shared::certificates::Expiring;
use shared::certificates::jobs::{TellOfExpiries, TellOfExpiry};
use shared::db::Conn;
use shared::notifications::{NewNotification, Notice, notify};
use shared::tenants::Feature;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Exactly once: the tenants' jobs are asked for in the transaction that finishes this one.
pub async fn ask_for_all(conn: &mut Conn, _: &Ctx, _: TellOfExpiries) -> Outcome {
    Expiring::request_all(conn).await?;
    Ok(())
}

/// Exactly once: a certificate is taken and its holder told in the transaction that finishes the job.
pub async fn tell(conn: &mut Conn, ctx: &Ctx, _: TellOfExpiry) -> Outcome {
    if !Feature::Certificates.is_on(conn, ctx.tenant()).await? {
        return Ok(()); // Nothing could be renewed. They are told when it is on again, if there is time.
    }
    for certificate in Expiring::take(conn, ctx.tenant(), ctx.now()).await? {
        let Expiring { id, user_id, course_title, verification_code, expires_at } = certificate;
        let expires_on = expires_at.date_naive();
        let news = NewNotification {
            tenant: ctx.tenant(),
            recipient: user_id,
            notice: Notice::CertificateExpires { course_title, code: verification_code, expires_on },
            dedupe_key: format!("certificate_expires:{id}:{expires_on}"),
        };
        notify(conn, &news, ctx.now()).await?;
    }
    Ok(())
}
