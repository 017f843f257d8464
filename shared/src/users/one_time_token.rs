//! Links sent by mail: good once, for one person and one purpose, and for a while.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::User;
use crate::db::schema::{one_time_tokens, sql_types, tenants, users};
use crate::db::{Conn, Error, sql_enum};
use crate::ids::{OneTimeTokenId, TenantId, UserId};
use crate::secret::{TokenSeal, token_hash};

sql_enum! {
    /// What a link is for.
    OneTimePurpose: sql_types::OneTimeTokenPurpose {
        /// To choose another password.
        PasswordReset = "PASSWORD_RESET",
        /// To take the place that somebody was offered.
        Invitation = "INVITATION",
    }
}

impl OneTimePurpose {
    /// How long a link is good.
    pub const fn lifetime(self) -> TimeDelta {
        match self {
            Self::PasswordReset => TimeDelta::hours(1),
            Self::Invitation => TimeDelta::days(7),
        }
    }
}

/// A link sent by mail. The token in it is stored nowhere: it is made of the row's id, again and
/// again, by whoever holds the server's secret.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = one_time_tokens, treat_none_as_default_value = false)]
pub struct OneTimeToken {
    pub id: OneTimeTokenId,
    pub tenant_id: Option<TenantId>,
    pub user_id: UserId,
    pub purpose: OneTimePurpose,
    pub token_hash: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
}

impl OneTimeToken {
    /// A new link for somebody.
    pub async fn issue(
        conn: &mut Conn,
        user: &User,
        purpose: OneTimePurpose,
        seal: &TokenSeal,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let id = OneTimeTokenId::new();
        diesel::insert_into(one_time_tokens::table)
            .values(Self {
                id,
                tenant_id: user.tenant_id,
                user_id: user.id,
                purpose,
                token_hash: token_hash(&text_of(id, purpose, seal)),
                created_at: now,
                expires_at: now + purpose.lifetime(),
                used_at: None,
            })
            .returning(Self::as_returning())
            .get_result(conn)
            .await
    }

    /// The token, as it stands in the link.
    pub fn text(&self, seal: &TokenSeal) -> String {
        text_of(self.id, self.purpose, seal)
    }

    /// The link with this token and its person, if it is still good for them: a reset is for
    /// those who may come in, an invitation for those who have not yet.
    pub async fn find_good(
        conn: &mut Conn,
        token: &str,
        seal: &TokenSeal,
        now: DateTime<Utc>,
    ) -> Result<Option<(Self, User)>, Error> {
        let Some(id) = OneTimePurpose::ALL
            .iter()
            .find_map(|purpose| seal.open(purpose.as_str(), token))
            .map(|(id, _)| OneTimeTokenId(id))
        else {
            return Ok(None);
        };
        let found = one_time_tokens::table
            .inner_join(users::table)
            .left_join(tenants::table)
            .filter(one_time_tokens::id.eq(id))
            .filter(one_time_tokens::token_hash.eq(token_hash(token)))
            .filter(one_time_tokens::used_at.is_null())
            .filter(one_time_tokens::expires_at.gt(now))
            .filter(one_time_tokens::tenant_id.is_null().or(tenants::is_active.assume_not_null()))
            .select((Self::as_select(), User::as_select()))
            .first::<(Self, User)>(conn)
            .await
            .optional()?;
        Ok(found.filter(|(token, user)| match token.purpose {
            OneTimePurpose::PasswordReset => user.may_enter(),
            OneTimePurpose::Invitation => user.is_invited(),
        }))
    }

    /// The link with this id, for the mail that carries it; none when it was used or has expired.
    pub async fn find_for_mail(
        conn: &mut Conn,
        id: OneTimeTokenId,
        now: DateTime<Utc>,
    ) -> Result<Option<(Self, User)>, Error> {
        one_time_tokens::table
            .inner_join(users::table)
            .filter(one_time_tokens::id.eq(id))
            .filter(one_time_tokens::used_at.is_null())
            .filter(one_time_tokens::expires_at.gt(now))
            .select((Self::as_select(), User::as_select()))
            .first(conn)
            .await
            .optional()
    }

    /// Uses it up, and with it whatever other links the person was sent. Of two that come at the
    /// same time, one gets a yes.
    pub(super) async fn redeem(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
        let used = diesel::update(one_time_tokens::table.find(self.id))
            .filter(one_time_tokens::used_at.is_null())
            .filter(one_time_tokens::expires_at.gt(now))
            .set(one_time_tokens::used_at.eq(now))
            .execute(conn)
            .await?;
        if used == 0 {
            return Ok(false);
        }
        Self::void_all_of(conn, self.user_id, now).await?;
        Ok(true)
    }

    /// Makes every link that somebody was sent useless.
    pub(super) async fn void_all_of(conn: &mut Conn, user: UserId, now: DateTime<Utc>) -> Result<(), Error> {
        diesel::update(one_time_tokens::table)
            .filter(one_time_tokens::user_id.eq(user))
            .filter(one_time_tokens::used_at.is_null())
            .set(one_time_tokens::used_at.eq(now))
            .execute(conn)
            .await?;
        Ok(())
    }
}

fn text_of(id: OneTimeTokenId, purpose: OneTimePurpose, seal: &TokenSeal) -> String {
    seal.seal(purpose.as_str(), id.0, 0)
}
