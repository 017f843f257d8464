//! Which passwords are good enough, and what else changes with a password.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::{SendPasswordChanged, SendPasswordReset};
use super::session::Because;
use super::{OneTimePurpose, OneTimeToken, Session, User, UserStatus};
use crate::db::schema::users;
use crate::db::{Conn, Error};
use crate::ids::{SessionId, TenantId};
use crate::jobs::{JobOptions, enqueue, enqueue_with};
use crate::secret::TokenSeal;

/// Characters of a password, at least.
pub const SHORTEST: usize = 8;
/// Characters of a password, at most.
pub const LONGEST: usize = 128;

/// Why a password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too few characters.
    #[error("A password has at least {SHORTEST} characters.")]
    TooShort,
    /// Too many.
    #[error("A password has at most {LONGEST} characters.")]
    TooLong,
    /// Among the first that anybody would try.
    #[error(
        "This password is too easy to guess: it is a common one, or made of your name, e-mail or a simple pattern."
    )]
    Guessable,
}

/// Whether `password` may be chosen by somebody of whom `about` is known. It is taken as it is
/// typed: nothing is trimmed, folded or composed.
pub fn check_strength(password: &str, about: &[&str]) -> Result<(), WeakPassword> {
    match password.chars().count() {
        ..SHORTEST => return Err(WeakPassword::TooShort),
        SHORTEST..=LONGEST => {}
        _ => return Err(WeakPassword::TooLong),
    }
    // A name in parts: the words of "alice.williams@acme.org" are what people build on.
    let mut words: Vec<&str> = about.to_vec();
    words.extend(about.iter().flat_map(|text| text.split(|sign: char| !sign.is_alphanumeric())));
    // Both halves of an e-mail whole, too: the host of a school is what its people try.
    words.extend(about.iter().flat_map(|text| text.split('@')));
    words.retain(|word| word.chars().count() >= 3);
    if zxcvbn::zxcvbn(password, &words).score() < zxcvbn::Score::Two {
        return Err(WeakPassword::Guessable);
    }
    Ok(())
}

impl User {
    /// [`check_strength`], with what is known of this person.
    pub fn check_strength(&self, password: &str) -> Result<(), WeakPassword> {
        check_strength(password, &[&self.email, &self.first_name, &self.last_name])
    }

    /// Asks for the mail by which a forgotten password is replaced.
    pub async fn ask_for_reset(&self, conn: &mut Conn, seal: &TokenSeal, now: DateTime<Utc>) -> Result<(), Error> {
        conn.transaction(async |conn| {
            let token = OneTimeToken::issue(conn, self, OneTimePurpose::PasswordReset, seal, now).await?;
            let job = SendPasswordReset { tenant_id: self.tenant_of_jobs(), token_id: token.id };
            let options = JobOptions { deadline_at: Some(token.expires_at), ..JobOptions::default() };
            enqueue_with(conn, &job, options).await?;
            Ok(())
        })
        .await
    }

    /// Replaces the password by one that its owner chose, having shown the old one. Every other
    /// session ends. False when the password was changed by somebody else meanwhile.
    pub async fn change_password(
        &self,
        conn: &mut Conn,
        hash: &str,
        here: SessionId,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        conn.transaction(async |conn| {
            let changed = diesel::update(users::table.find(self.id))
                .filter(users::password_hash.is_not_distinct_from(&self.password_hash))
                .set((users::password_hash.eq(hash), users::version.eq(users::version + 1), users::updated_at.eq(now)))
                .execute(conn)
                .await?;
            if changed == 0 {
                return Ok(false);
            }
            Session::end_all_of(conn, self.id, Some(here), Because::PasswordChanged, now).await?;
            OneTimeToken::void_all_of(conn, self.id, now).await?;
            self.tell_of_new_password(conn, now).await?;
            Ok(true)
        })
        .await
    }

    async fn tell_of_new_password(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
        let job = SendPasswordChanged { tenant_id: self.tenant_of_jobs(), user_id: self.id, changed_at: now };
        enqueue(conn, &job).await?;
        Ok(())
    }

    /// In which tenant the jobs about this person run.
    pub(super) fn tenant_of_jobs(&self) -> TenantId {
        self.tenant_id.unwrap_or(TenantId::PLATFORM)
    }
}

/// What somebody says who comes by a link.
#[derive(Debug, Clone, Default)]
pub struct Arrival {
    pub password_hash: String,
    /// A name that replaces the one that the inviter wrote.
    pub first_name: Option<String>,
    /// The same.
    pub last_name: Option<String>,
}

impl OneTimeToken {
    /// Uses the link up: sets the password, and lets somebody who was invited in. Every session
    /// that there was ends. None when the link is no good any more.
    pub async fn set_password(
        &self,
        conn: &mut Conn,
        arrival: &Arrival,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, Error> {
        let expected = match self.purpose {
            OneTimePurpose::PasswordReset => UserStatus::Active,
            OneTimePurpose::Invitation => UserStatus::Invited,
        };
        conn.transaction(async |conn| {
            if !self.redeem(conn, now).await? {
                return Ok(None);
            }
            let names = (
                arrival.first_name.as_ref().map(|name| users::first_name.eq(name)),
                arrival.last_name.as_ref().map(|name| users::last_name.eq(name)),
            );
            let user = diesel::update(users::table.find(self.user_id))
                .filter(users::status.eq(expected))
                .filter(users::is_active)
                .set((
                    users::password_hash.eq(&arrival.password_hash),
                    users::status.eq(UserStatus::Active),
                    users::version.eq(users::version + 1),
                    users::updated_at.eq(now),
                    names,
                ))
                .returning(User::as_returning())
                .get_result(conn)
                .await
                .optional()?;
            let Some(user) = user else { return Ok(None) };
            Session::end_all_of(conn, user.id, None, Because::PasswordChanged, now).await?;
            if self.purpose == OneTimePurpose::PasswordReset {
                user.tell_of_new_password(conn, now).await?;
            }
            Ok(Some(user))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_anybody_would_try_are_refused() {
        use WeakPassword::{Guessable, TooLong, TooShort};
        let about = ["alice.williams@acme.local", "Alice", "Williams"];
        let long = "a staple ".repeat(20);
        for (password, verdict) in [
            ("", Err(TooShort)),
            ("x7!Kq9", Err(TooShort)),
            ("ääääääa", Err(TooShort)),
            (long.as_str(), Err(TooLong)),
            ("password", Err(Guessable)),
            ("Password1!", Err(Guessable)),
            ("password123", Err(Guessable)),
            ("12345678", Err(Guessable)),
            ("qwertyuiop", Err(Guessable)),
            ("aaaaaaaaaaaa", Err(Guessable)),
            ("alicewilliams", Err(Guessable)),
            ("Williams1", Err(Guessable)),
            ("acme.local", Err(Guessable)),
            ("securepassword123", Ok(())),
            ("correct horse battery staple, and then some more of it to be 64!", Ok(())),
            ("Žluťoučký kůň", Ok(())),
            ("tr0ub4dor&3x", Ok(())),
        ] {
            assert_eq!(check_strength(password, &about), verdict, "{password}");
        }
        let longest: String = "correct horse battery staple, ".chars().cycle().take(LONGEST).collect();
        assert_eq!(check_strength(&longest, &about), Ok(()));
    }
}
