//! How often one may knock, before anybody is signed in.
//!
//! A door counts before it is known whether the knock was a good one, so that a thousand guesses
//! at once are a thousand; and takes it back when it was, so that a school behind one address can
//! sign in together.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::db::Conn;
use shared::requests::{Throttle, ThrottleRule};
use shared::secret::token_hash;
use shared::users::{Candidate, Device};

use crate::http::{ApiError, ApiResult};

const fn rule(name: &'static str, burst: f64, every_seconds: u64) -> ThrottleRule {
    ThrottleRule { name, burst, every: Duration::from_secs(every_seconds) }
}

/// Signing in, by address.
pub(super) const LOG_IN_FROM: ThrottleRule = rule("log-in-from", 300.0, 1);
/// Signing in to an account.
pub(super) const LOG_IN_TO: ThrottleRule = rule("log-in-to", 10.0, 30);
/// Refreshing, by address: many people may share one, and the tokens cannot be guessed.
pub(super) const REFRESH_FROM: ThrottleRule = rule("refresh-from", 2_000.0, 1);
/// Asking for a reset, by address.
pub(super) const RESET_FROM: ThrottleRule = rule("reset-from", 20.0, 30);
/// Reset mails to an account; beyond it nothing is sent, and nothing said.
pub(super) const RESET_TO: ThrottleRule = rule("reset-to", 3.0, 300);
/// Coming by a link that was mailed, by address.
pub(super) const LINK_FROM: ThrottleRule = rule("link-from", 50.0, 5);
/// Registering, by address.
pub(super) const REGISTER_FROM: ThrottleRule = rule("register-from", 50.0, 30);
/// Showing the old password to choose another, by account.
pub(super) const CHANGE_OF: ThrottleRule = rule("change-of", 10.0, 30);

/// Knocks; 429 when it was too often.
pub(super) async fn knock(conn: &mut Conn, door: ThrottleRule, who: &str, now: DateTime<Utc>) -> ApiResult<()> {
    match door.take(conn, who, now).await? {
        Throttle::Pass => Ok(()),
        Throttle::Wait(time) => Err(ApiError::TooMany { retry_after_seconds: time.as_secs().max(1) }),
    }
}

/// Whose bucket an attempt to sign in falls into. Guesses from all over the world share one for
/// the account; whoever has signed in from an address before has one of their own there, so that
/// strangers cannot lock the owner out.
pub(super) fn account(email: &str, candidate: Option<&Candidate>, device: &Device) -> String {
    let email = email.to_lowercase();
    match candidate {
        Some(Candidate { is_known_here: true, .. }) => hashed(&format!("{email} {}", device.address)),
        _ => hashed(&email),
    }
}

/// Buckets are named without saying whose they are.
pub(super) fn hashed(who: &str) -> String {
    hex::encode(token_hash(who))
}
