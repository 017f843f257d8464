//! The mail with the link by which a forgotten password is replaced.

use shared::secret::TokenSeal;
use shared::users::jobs::SendPasswordReset;
use shared::users::{OneTimePurpose, OneTimeToken};

use super::letter;
use crate::context::Ctx;
use crate::registry::Outcome;
use shared::mail::Mail;

/// At least once: the mail has the same link and Message-ID each time.
pub async fn send_password_reset(ctx: Ctx, job: SendPasswordReset) -> Outcome {
    let mut conn = ctx.conn().await?;
    let Some((token, user)) = OneTimeToken::find_for_mail(&mut conn, job.token_id, ctx.now()).await? else {
        return Ok(()); // Used or expired meanwhile: the link would lead nowhere.
    };
    if token.purpose != OneTimePurpose::PasswordReset || !user.may_enter() {
        return Ok(());
    }
    let platform = &ctx.services().platform;
    let text = token.text(&TokenSeal::new(&platform.secret_key));
    let mail = Mail::PasswordReset {
        link: &format!("/reset-password?uid={}&token={text}", user.id),
        expires_minutes: u32::try_from(token.purpose.lifetime().num_minutes()).unwrap_or_default(),
    };
    letter::send(&ctx, conn, &user, &mail, &token.id.to_string()).await
}
