//! Drawing a certificate's page and storing it.

use anyhow::Context;
use shared::certificates::jobs::RenderCertificate;
use shared::certificates::{Certificate, CertificateStatus};
use shared::tenants::Tenant;
use shared::users::User;
use std::time::Duration;

use super::render::{CertificateView, render};
use crate::context::Ctx;
use crate::registry::{Failure, Outcome};

/// At least once: a page is stored under a name that its content and the state that it was drawn
/// for decide, so doing it twice is doing it once; and it counts only if the certificate has not
/// changed meanwhile.
pub async fn draw(ctx: Ctx, job: RenderCertificate) -> Outcome {
    let mut conn = ctx.conn().await?;
    let Some(certificate) = Certificate::find(&mut conn, ctx.tenant(), job.certificate_id).await? else {
        return Ok(()); // Deleted meanwhile.
    };
    if certificate.status == CertificateStatus::Revoked || certificate.is_drawn() {
        return Ok(());
    }
    let tenant = Tenant::find(&mut conn, ctx.tenant()).await?.context("the tenant is gone")?;
    let learner = User::find(&mut conn, ctx.tenant(), certificate.user_id).await?.context("the learner is gone")?;
    // Drawing takes a while, and so does the store.
    drop(conn);

    let verify_url =
        format!("{}/api/certificates/verify/{}/", ctx.services().platform.public_url, certificate.verification_code);
    let drawn = certificate.clone();
    let page = tokio::task::spawn_blocking(move || page(&drawn, &tenant, &learner, &verify_url)).await?;
    // The same names give the same error.
    let page = page.map_err(|error| Failure::GiveUp(error.to_string()))?;

    let key = file_key(&certificate, &page);
    let size = i64::try_from(page.len())?;
    ctx.services().storage.put(&key, "application/pdf", page).await?;
    let stored = certificate.stored(&mut *ctx.conn().await?, &key, size, ctx.now()).await?;
    if stored.is_none() {
        // Reissued or revoked while it was drawn: look again.
        return Err(Failure::Snooze(Duration::from_secs(1)));
    }
    Ok(())
}

fn page(
    certificate: &Certificate,
    tenant: &Tenant,
    learner: &User,
    verify_url: &str,
) -> Result<Vec<u8>, super::render::RenderError> {
    let theme = |name: &str| tenant.theme_config.get(name)?.as_str();
    render(&CertificateView {
        tenant_name: &tenant.name,
        primary_color: theme("primary_color").unwrap_or_default(),
        secondary_color: theme("secondary_color"),
        accent_color: theme("accent_color"),
        logo_text: theme("logo_text"),
        learner_name: &certificate.learner_name,
        course_title: &certificate.course_title,
        instructor_name: certificate.instructor_name.as_deref(),
        issued_on: certificate.issued_at.date_naive(),
        expires_on: certificate.expires_at.map(|at| at.date_naive()),
        verification_code: certificate.verification_code,
        verify_url,
        locale: &learner.language,
    })
}

/// Never used for another page: an old one may be removed long after it was replaced.
fn file_key(certificate: &Certificate, page: &[u8]) -> String {
    format!(
        "tenants/{}/certificates/{}-{}-{}.pdf",
        certificate.tenant_id,
        certificate.id,
        certificate.updated_at.timestamp_micros(),
        shared::secret::short_hash(page),
    )
}
