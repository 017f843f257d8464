//! A mail to a person about their account, dressed as their tenant.

use shared::db::{Conn, Error, ScopedConn};
use shared::tenants::Letterhead;
use shared::users::User;

use crate::context::Ctx;
use crate::mail::{MailError, mailer_of};
use crate::registry::{Failure, Outcome};
use shared::mail::{Brand, Mail, OwnWords, render};
use shared::notifications::EmailTemplate;

/// How the platform looks to those who belong to no tenant.
const PLATFORM: &str = "LMS";

/// The tenant in whose name somebody is written to; none for superusers.
#[derive(Debug)]
struct Sender(Option<Letterhead>);

impl Sender {
    /// The tenant of this person.
    async fn of(conn: &mut Conn, user: &User) -> Result<Self, Error> {
        let Some(id) = user.tenant_id else { return Ok(Self(None)) };
        Ok(Self(Letterhead::of(conn, id).await?))
    }

    /// The tenant's own words for this mail, if it has some.
    async fn own_words(&self, conn: &mut Conn, mail: &Mail<'_>) -> Result<Option<OwnWords>, Error> {
        let Some(Letterhead { tenant, .. }) = &self.0 else { return Ok(None) };
        Ok(EmailTemplate::find(conn, tenant.id, mail.name()).await?.map(EmailTemplate::words))
    }

    fn brand<'a>(&'a self, frontend_url: &'a str) -> Brand<'a> {
        let Some(Letterhead { tenant, support_email }) = &self.0 else {
            return Brand {
                tenant_name: PLATFORM,
                primary_color: "",
                logo_text: None,
                support_email: None,
                frontend_url,
            };
        };
        let theme = |name: &str| tenant.theme_config.get(name).and_then(serde_json::Value::as_str);
        Brand {
            tenant_name: &tenant.name,
            primary_color: theme("primary_color").unwrap_or_default(),
            logo_text: theme("logo_text"),
            support_email: support_email.as_deref(),
            frontend_url,
        }
    }
}

/// Writes and sends `mail`; `key` names it among the mails of its kind. `conn` is the job's, and is
/// given back before the mail server is called.
pub(super) async fn send(ctx: &Ctx, mut conn: ScopedConn, to: &User, mail: &Mail<'_>, key: &str) -> Outcome {
    let sender = Sender::of(&mut conn, to).await?;
    let own = sender.own_words(&mut conn, mail).await?;
    drop(conn);
    let name = format!("{} {}", to.first_name, to.last_name);
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    let brand = sender.brand(&ctx.services().platform.frontend_url);
    let rendered = render(mail, name, &brand, own.as_ref()).map_err(|error| Failure::GiveUp(error.to_string()))?;
    let address = to.email.clone();
    ctx.external(key, |key| async move {
        mailer_of(ctx).await?.send(&rendered, &address, &key).await.map_err(|error| match error {
            MailError::Undeliverable(_) => Failure::GiveUp(error.to_string()),
            MailError::Later(_) => Failure::from(error),
        })?;
        Ok(None)
    })
    .await?;
    Ok(())
}
