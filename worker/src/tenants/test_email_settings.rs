//! Whether a mail goes out by a tenant's own server.

use serde_json::json;
use shared::mail::RenderedMail;
use shared::tenants::EmailSettings;
use shared::tenants::jobs::TestEmailSettings;

use crate::context::Ctx;
use crate::mail::{OwnServerError, own_mailer};
use crate::registry::Outcome;

/// Once: what went wrong is the answer, not a reason to try again.
pub async fn test_email_settings(ctx: Ctx, job: TestEmailSettings) -> Outcome {
    let settings = EmailSettings::of(&mut *ctx.conn().await?, ctx.tenant(), ctx.now()).await?;
    let said = match own_mailer(&ctx.services().platform, &settings).await {
        Ok(mailer) => {
            let key = format!("test:{}", ctx.job());
            mailer
                .send(&letter(), &job.recipient, &key)
                .await
                .map_err(|error| format!("{:#}", anyhow::Error::from(error)))
        }
        Err(OwnServerError::Broken(error)) => return Err(error.into()),
        Err(error) => Err(error.to_string()),
    };
    ctx.set_result(match said {
        Ok(()) => json!({ "success": true, "message": format!("The server has taken the mail to {}.", job.recipient) }),
        Err(message) => json!({ "success": false, "message": message }),
    });
    Ok(())
}

fn letter() -> RenderedMail {
    const TEXT: &str = "This mail was sent to try out the mail server of your learning platform. It works.";
    RenderedMail {
        subject: "A test of the mail server".to_owned(),
        text: format!("{TEXT}\n"),
        html: format!("<p>{TEXT}</p>\n"),
    }
}
