//! Sending the mail of a notification.

use chrono::{DateTime, Utc};
use shared::notifications::jobs::DeliverEmail;
use shared::notifications::{DeliveryStatus, EmailToSend, Preferences};

use super::wording;
use crate::context::Ctx;
use crate::mail::{MailError, mailer_of};
use crate::registry::{Failure, Outcome};

/// At least once: the mail has the same Message-ID each time, and one that is known to be sent is
/// not sent again. Whether the notification was read meanwhile does not matter.
pub async fn deliver(ctx: Ctx, job: DeliverEmail) -> Outcome {
    let Some(email) = EmailToSend::find(&mut *ctx.conn().await?, ctx.tenant(), job.delivery_id).await? else {
        return Ok(()); // Gone, with the person.
    };
    // One that has failed is tried again when an operator replays the job.
    if matches!(email.delivery.status, DeliveryStatus::Sent | DeliveryStatus::Skipped) {
        return Ok(());
    }
    if !email.recipient.may_enter() {
        return ended(&ctx, &email, DeliveryStatus::Skipped, Some("The account is not active.")).await;
    }
    if let Some(until) = held(&ctx, &email).await? {
        let wait = (until - ctx.now()).to_std().unwrap_or_default();
        return Err(Failure::Snooze(wait));
    }
    let platform = &ctx.services().platform;
    let own = wording::own_words(&mut *ctx.conn().await?, &email, &platform.public_url).await?;
    let mail = match wording::mail(&email, own.as_ref(), &platform.public_url, &platform.frontend_url) {
        Ok(mail) => mail,
        Err(error) => return give_up(&ctx, &email, error.to_string()).await,
    };
    let sent = ctx
        .external(&job.delivery_id.to_string(), |key| {
            let (ctx, to) = (ctx.clone(), email.recipient.email.clone());
            async move {
                mailer_of(&ctx).await?.send(&mail, &to, &key).await?;
                Ok(None)
            }
        })
        .await;
    match sent {
        Ok(_) => ended(&ctx, &email, DeliveryStatus::Sent, None).await,
        Err(Failure::Retry(error)) => match error.downcast_ref::<MailError>() {
            Some(MailError::Undeliverable(reason)) => {
                let reason = reason.clone();
                give_up(&ctx, &email, reason).await
            }
            _ if ctx.is_last_attempt() => {
                ended(&ctx, &email, DeliveryStatus::Failed, Some(&format!("{error:#}"))).await?;
                Err(Failure::Retry(error))
            }
            _ => Err(Failure::Retry(error)),
        },
        Err(other) => Err(other),
    }
}

/// Until when the reader is not to be disturbed by it: an attempt may fall into the night though
/// the first one did not.
async fn held(ctx: &Ctx, email: &EmailToSend) -> Result<Option<DateTime<Utc>>, Failure> {
    if email.notification.is_urgent() {
        return Ok(None);
    }
    let preferences = Preferences::of(&mut *ctx.conn().await?, ctx.tenant(), email.recipient.id).await?;
    Ok(preferences.quiet_until(&email.recipient.timezone, ctx.now()))
}

/// It will never be delivered: the row says why, and so does the job.
async fn give_up(ctx: &Ctx, email: &EmailToSend, reason: String) -> Outcome {
    ended(ctx, email, DeliveryStatus::Failed, Some(&reason)).await?;
    Err(Failure::GiveUp(reason))
}

async fn ended(ctx: &Ctx, email: &EmailToSend, status: DeliveryStatus, reason: Option<&str>) -> Outcome {
    email.delivery.ended(&mut *ctx.conn().await?, status, reason, ctx.now()).await?;
    Ok(())
}
