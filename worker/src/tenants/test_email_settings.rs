//! Whether a mail goes out by a tenant's own server.

use serde_json::{Value, json};
use shared::mail::RenderedMail;
use shared::tenants::jobs::TestEmailSettings;
use shared::tenants::{EmailSettings, EmailTest};

use crate::context::Ctx;
use crate::mail::{OwnServerError, own_mailer};
use crate::registry::Outcome;

/// Once: what went wrong is the answer, not a reason to try again.
pub async fn test_email_settings(ctx: Ctx, _: TestEmailSettings) -> Outcome {
    let Some(test) = EmailTest::of(&mut *ctx.conn().await?, ctx.tenant(), ctx.job()).await? else {
        ctx.set_result(told(Err("It is not known any more to whom the mail was to go. Ask again.".to_owned())));
        return Ok(());
    };
    let settings = EmailSettings::of(&mut *ctx.conn().await?, ctx.tenant(), ctx.now()).await?;
    let said = match own_mailer(&ctx.services().platform, &settings).await {
        Ok(mailer) => {
            let key = format!("test:{}", ctx.job());
            let sent = mailer.send(&letter(), &test.recipient, &key).await;
            sent.map_err(|error| without(&test.recipient, &format!("{:#}", anyhow::Error::from(error))))
        }
        Err(OwnServerError::Broken(error)) => return Err(error.into()),
        Err(error) => Err(error.to_string()),
    };
    test.forget(&mut *ctx.conn().await?).await?;
    ctx.set_result(told(said));
    Ok(())
}

/// Servers repeat the address in what they say, and the result is kept as long as the job.
fn without(recipient: &str, said: &str) -> String {
    said.replace(recipient, "the recipient").replace(&recipient.to_lowercase(), "the recipient")
}

fn told(said: Result<(), String>) -> Value {
    match said {
        Ok(()) => json!({ "success": true, "message": "The server has taken the mail." }),
        Err(message) => json!({ "success": false, "message": message }),
    }
}

fn letter() -> RenderedMail {
    const TEXT: &str = "This mail was sent to try out the mail server of your learning platform. It works.";
    RenderedMail {
        subject: "A test of the mail server".to_owned(),
        text: format!("{TEXT}\n"),
        html: format!("<p>{TEXT}</p>\n"),
    }
}
