//! Sending a notification to a person's devices.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::notifications::jobs::DeliverPush;
use shared::notifications::{DeliveryStatus, Preferences, PushDevice, PushToSend};

use super::push::{Connections, Gateways, PushError, PushMessage};
use crate::context::Ctx;
use crate::registry::{Failure, Outcome};

/// What became of the message to one device.
enum Said {
    Sent,
    /// There is nobody, or no way to them.
    Unreached(String),
    /// It will never be taken.
    Refused(String),
    /// Perhaps later; after this long, when the other side has said so.
    Later(Option<Duration>, anyhow::Error),
}

/// At least once for each device: the topic and the payload name the notification, so that the push
/// service puts a repetition in the place of what still waits, and the browser of what it shows.
pub async fn deliver(ctx: Ctx, job: DeliverPush, connections: Connections) -> Outcome {
    let Some(push) = PushToSend::find(&mut *ctx.conn().await?, ctx.tenant(), job.delivery_id).await? else {
        return Ok(()); // Gone, with the person.
    };
    if matches!(push.delivery.status, DeliveryStatus::Sent | DeliveryStatus::Skipped) {
        return Ok(());
    }
    if !push.recipient.may_enter() {
        return ended(&ctx, &push, DeliveryStatus::Skipped, Some("The account is not active.")).await;
    }
    if let Some(until) = held(&ctx, &push).await? {
        return Err(Failure::Snooze((until - ctx.now()).to_std().unwrap_or_default()));
    }
    let devices = PushDevice::active_of(&mut *ctx.conn().await?, ctx.tenant(), push.recipient.id).await?;
    let gateways = Gateways::of(&ctx, &connections)?;
    let message = PushMessage::of(&push.notification, &ctx.services().platform.frontend_url);
    let mut said = Vec::with_capacity(devices.len());
    for device in &devices {
        said.push(tell(&ctx, &push, &gateways, device, &message).await?);
    }
    conclude(&ctx, &push, said).await
}

/// Hands the message over for one device, unless that is known to have happened.
async fn tell(
    ctx: &Ctx,
    push: &PushToSend,
    gateways: &Gateways,
    device: &PushDevice,
    message: &PushMessage,
) -> Result<Said, Failure> {
    let key = format!("{}:{}", push.delivery.id, device.id);
    let gateway = gateways.to(device.device_type);
    let sent = ctx
        .external(&key, |_key| async move {
            gateway.send(device, message).await?;
            Ok(None)
        })
        .await;
    let error = match sent {
        Ok(_) => {
            device.used(&mut *ctx.conn().await?, ctx.now()).await?;
            return Ok(Said::Sent);
        }
        Err(Failure::Retry(error)) => error,
        Err(other) => return Err(other),
    };
    Ok(match error.downcast_ref::<PushError>() {
        Some(PushError::Gone(why)) => {
            device.gone(&mut *ctx.conn().await?, ctx.now()).await?;
            Said::Unreached(why.clone())
        }
        Some(PushError::NotConnected) => Said::Unreached("Nothing carries messages to such devices here.".to_owned()),
        Some(PushError::Refused(why)) => Said::Refused(why.clone()),
        Some(PushError::Later(_, wait)) => Said::Later(Some(*wait), error),
        Some(PushError::Other(_)) | None => Said::Later(None, error),
    })
}

/// One device that got it is enough to have told the person; those that may get it later are asked
/// again first.
async fn conclude(ctx: &Ctx, push: &PushToSend, said: Vec<Said>) -> Outcome {
    let (mut is_sent, mut unreached, mut refused, mut later) = (false, None, None, None);
    for one in said {
        match one {
            Said::Sent => is_sent = true,
            Said::Unreached(why) => unreached = Some(why),
            Said::Refused(why) => refused = Some(why),
            Said::Later(wait, error) => later = Some((wait, error)),
        }
    }
    if let Some((wait, error)) = later {
        if ctx.is_last_attempt() {
            let status = if is_sent { DeliveryStatus::Sent } else { DeliveryStatus::Failed };
            ended(ctx, push, status, Some(&format!("{error:#}"))).await?;
        }
        return Err(match wait {
            Some(wait) => Failure::RetryAfter(wait, format!("{error:#}")),
            None => Failure::Retry(error),
        });
    }
    match (is_sent, refused) {
        (true, _) => ended(ctx, push, DeliveryStatus::Sent, None).await,
        (false, Some(why)) => {
            ended(ctx, push, DeliveryStatus::Failed, Some(&why)).await?;
            Err(Failure::GiveUp(why))
        }
        (false, None) => {
            let why = unreached.unwrap_or_else(|| "No device is left.".to_owned());
            ended(ctx, push, DeliveryStatus::Skipped, Some(&why)).await
        }
    }
}

/// Until when the person is not to be disturbed by it.
async fn held(ctx: &Ctx, push: &PushToSend) -> Result<Option<DateTime<Utc>>, Failure> {
    if push.notification.is_urgent() {
        return Ok(None);
    }
    let preferences = Preferences::of(&mut *ctx.conn().await?, ctx.tenant(), push.recipient.id).await?;
    Ok(preferences.quiet_until(&push.recipient.timezone, ctx.now()))
}

async fn ended(ctx: &Ctx, push: &PushToSend, status: DeliveryStatus, reason: Option<&str>) -> Outcome {
    push.delivery.ended(&mut *ctx.conn().await?, status, reason, ctx.now()).await?;
    Ok(())
}
