//! The mail that says that a password was changed, in case it was not its owner who did it.

use shared::users::User;
use shared::users::jobs::SendPasswordChanged;

use super::letter;
use crate::context::Ctx;
use crate::registry::Outcome;
use shared::mail::Mail;

/// At least once: the mail has the same Message-ID each time.
pub async fn send_password_changed(ctx: Ctx, job: SendPasswordChanged) -> Outcome {
    let mut conn = ctx.conn().await?;
    let Some(user) = User::find_anywhere(&mut conn, job.user_id).await?.filter(User::may_enter) else {
        return Ok(()); // Turned out meanwhile: there is nothing left to guard.
    };
    let changed_at = match user.timezone.parse::<chrono_tz::Tz>() {
        Ok(zone) => job.changed_at.with_timezone(&zone).format("%-d %B %Y at %H:%M (%Z)").to_string(),
        Err(_) => job.changed_at.format("%-d %B %Y at %H:%M (UTC)").to_string(),
    };
    let mail = Mail::PasswordChanged { changed_at: &changed_at, link: "/forgot-password" };
    let key = format!("{}:{}", user.id, job.changed_at.timestamp_micros());
    letter::send(&ctx, conn, &user, &mail, &key).await
}
