//! The mail with the link by which an invitation is accepted.

use shared::secret::TokenSeal;
use shared::users::jobs::SendInvitation;
use shared::users::{OneTimePurpose, OneTimeToken, User, UserRole};

use super::letter;
use crate::context::Ctx;
use crate::registry::Outcome;
use shared::mail::Mail;

/// At least once: the mail has the same link and Message-ID each time.
pub async fn send_invitation(ctx: Ctx, job: SendInvitation) -> Outcome {
    let mut conn = ctx.conn().await?;
    let Some((token, user)) = OneTimeToken::find_for_mail(&mut conn, job.token_id, ctx.now()).await? else {
        return Ok(()); // Accepted by another link, or expired.
    };
    if token.purpose != OneTimePurpose::Invitation || !user.is_invited() {
        return Ok(());
    }
    // A superuser is not seen from within the tenant.
    let inviter = match job.invited_by {
        Some(id) => User::find_anywhere(&mut conn, id).await?,
        None => None,
    };
    let platform = &ctx.services().platform;
    let text = token.text(&TokenSeal::new(&platform.secret_key));
    let mail = Mail::Invitation {
        inviter_name: &inviter.map_or_else(|| "The administration".to_owned(), |user| user.full_name()),
        role: match user.role {
            UserRole::Admin => "administrator",
            UserRole::Instructor => "instructor",
            UserRole::Learner => "learner",
        },
        // The web client has one page for choosing a password, whatever the reason.
        link: &format!("/reset-password?uid={}&token={text}", user.id),
        expires_days: u32::try_from(token.purpose.lifetime().num_days()).unwrap_or_default(),
    };
    letter::send(&ctx, conn, &user, &mail, &token.id.to_string()).await
}
