//! Sending the mail that sums up what could wait.

use shared::notifications::jobs::SendDigest;
use shared::notifications::{DeliveryStatus, DigestToSend};

use super::wording;
use crate::context::Ctx;
use crate::mail::{MailError, mailer_of};
use crate::registry::{Failure, Outcome};

/// At least once: the mail has the same Message-ID each time, and one that is known to be sent is
/// not sent again. What it carries was settled when each of it happened.
pub async fn send(ctx: Ctx, job: SendDigest) -> Outcome {
    let Some(digest) = DigestToSend::find(&mut *ctx.conn().await?, ctx.tenant(), job.digest_id).await? else {
        return Ok(()); // Sent, or gone with the person.
    };
    if digest.digest.due_at > ctx.now() {
        // Started by hand, or by a clock that is ahead.
        return Err(Failure::Snooze((digest.digest.due_at - ctx.now()).to_std().unwrap_or_default()));
    }
    if !digest.recipient.may_enter() {
        return ended(&ctx, &digest, DeliveryStatus::Skipped, Some("The account is not active.")).await;
    }
    let mail = match wording::digest(&digest, &ctx.services().platform.frontend_url) {
        Ok(mail) => mail,
        Err(error) => return give_up(&ctx, &digest, error.to_string()).await,
    };
    let sent = ctx
        .external(&job.digest_id.to_string(), |key| {
            let (ctx, to) = (ctx.clone(), digest.recipient.email.clone());
            async move {
                mailer_of(&ctx).await?.send(&mail, &to, &key).await?;
                Ok(None)
            }
        })
        .await;
    match sent {
        Ok(_) => ended(&ctx, &digest, DeliveryStatus::Sent, None).await,
        Err(Failure::Retry(error)) => match error.downcast_ref::<MailError>() {
            Some(MailError::Undeliverable(reason)) => {
                let reason = reason.clone();
                give_up(&ctx, &digest, reason).await
            }
            _ if ctx.is_last_attempt() => {
                ended(&ctx, &digest, DeliveryStatus::Failed, Some(&format!("{error:#}"))).await?;
                Err(Failure::Retry(error))
            }
            _ => Err(Failure::Retry(error)),
        },
        Err(other) => Err(other),
    }
}

/// It will never be delivered: the rows say why, and so does the job.
async fn give_up(ctx: &Ctx, digest: &DigestToSend, reason: String) -> Outcome {
    ended(ctx, digest, DeliveryStatus::Failed, Some(&reason)).await?;
    Err(Failure::GiveUp(reason))
}

async fn ended(ctx: &Ctx, digest: &DigestToSend, status: DeliveryStatus, reason: Option<&str>) -> Outcome {
    digest.digest.ended(&mut *ctx.conn().await?, status, reason, ctx.now()).await?;
    Ok(())
}
