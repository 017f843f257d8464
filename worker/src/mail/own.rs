//! A tenant's own mail server.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::message::Mailbox;
use shared::config::PlatformConfig;
use shared::outbound::Refused;
use shared::secret::CannotOpen;
use shared::tenants::{EmailSettings, SMTP_PORTS};

use super::smtp::{MailSecurity, Mailer, Road};
use crate::context::Ctx;
use crate::registry::Failure;

/// Why a tenant's server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OwnServerError {
    /// It may not be called.
    #[error("{0}")]
    Refused(#[from] Refused),
    /// The password cannot be read.
    #[error(transparent)]
    Sealed(#[from] CannotOpen),
    /// The sender's address is none.
    #[error("default_from_email is not an e-mail address.")]
    From,
    /// Our own trouble.
    #[error("the mail server cannot be set up")]
    Broken(#[source] anyhow::Error),
}

/// The mailer of a job's tenant: its own server when that is switched on, else the platform's.
///
/// # Errors
/// The tenant's server cannot be used just now; its mails wait, and do not go another way.
pub async fn mailer_of(ctx: &Ctx) -> Result<Mailer, Failure> {
    let services = ctx.services();
    if ctx.tenant() == shared::ids::TenantId::PLATFORM {
        return Ok(services.mailer.clone());
    }
    let settings = EmailSettings::of(&mut *ctx.conn().await?, ctx.tenant(), ctx.now()).await?;
    if settings.is_enabled { Ok(own_mailer(&services.platform, &settings).await?) } else { Ok(services.mailer.clone()) }
}

/// A mailer by a tenant's own server, switched on or not.
///
/// # Errors
/// See [`OwnServerError`].
pub async fn own_mailer(platform: &PlatformConfig, settings: &EmailSettings) -> Result<Mailer, OwnServerError> {
    let vault = platform.vault().map_err(OwnServerError::Broken)?;
    let password = settings.password(&vault)?;
    let port = u16::try_from(settings.smtp_port).unwrap_or_default();
    let checked = platform.outbound.check(&settings.smtp_host, port, SMTP_PORTS).await?;
    let address: SocketAddr = checked.address().ok_or(Refused::Unresolved)?;
    let email = settings.default_from_email.parse().map_err(|_| OwnServerError::From)?;
    let name = Some(settings.default_from_name.clone()).filter(|name| !name.is_empty());
    let road = Road {
        // The address that was looked at, not the name, which may lead elsewhere by now.
        server: address.ip().to_string(),
        certificate: checked.host,
        port: address.port(),
        security: match (settings.smtp_use_tls, settings.smtp_use_ssl) {
            (_, true) => MailSecurity::Tls,
            (true, false) => MailSecurity::StartTls,
            (false, false) => MailSecurity::None,
        },
        user: Some(settings.smtp_username.clone()).filter(|user| !user.is_empty()),
        password: password.unwrap_or_default(),
        timeout: Duration::from_secs(u64::try_from(settings.email_timeout).unwrap_or(15)),
    };
    Mailer::by(&road, Mailbox::new(name, email)).map_err(OwnServerError::Broken)
}
