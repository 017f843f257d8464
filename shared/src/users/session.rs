//! A signed-in device. Access tokens name it and die with it.
//!
//! Its refresh token is made of the session's id and a number that goes up with every use, so that
//! the next one can be made again for a tab that came a moment too late; an older number shown
//! later means that somebody has a copy, and ends the session for both.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::{User, UserStatus};
use crate::db::schema::{sessions, tenants, users};
use crate::db::{Conn, Error, Numbered, Page};
use crate::events::{Event, EventKind};
use crate::ids::{SessionId, TenantId, UserId};
use crate::secret::{TokenSeal, token_hash};

/// How long a device stays signed in.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);
/// For so long after a rotation the token before it is answered with the same successor.
const GRACE: TimeDelta = TimeDelta::seconds(10);
/// The seal's purpose.
const REFRESH: &str = "refresh";

/// A signed-in device.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub struct Session {
    pub id: SessionId,
    pub tenant_id: Option<TenantId>,
    pub user_id: UserId,
    /// SHA-256 of the refresh token that is valid now.
    pub refresh_hash: Vec<u8>,
    /// How often the refresh token was rotated.
    pub generation: i32,
    pub rotated_at: DateTime<Utc>,
    pub user_agent: String,
    pub address: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_because: Option<String>,
}

/// A session that is alive, with its person. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    pub session: SessionId,
    pub user: Arc<User>,
    /// The slug of the person's tenant; none for superusers.
    pub tenant_slug: Option<Arc<str>>,
}

/// A session that was opened or continued, with the token that continues it next time.
#[derive(Debug, Clone)]
pub struct Continued {
    pub session: SessionId,
    pub user: User,
    pub refresh: String,
}

/// What a refresh token bought.
#[derive(Debug, Clone)]
pub enum Refreshed {
    /// The session goes on.
    Continued(Box<Continued>),
    /// It is no token of a session that is alive.
    Refused,
    /// It was used up long ago: somebody has a copy. The session has been ended.
    Reused(SessionId),
}

/// Whether a refresh token is replaced when it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// By the next one, and is good no more.
    Rotate,
    /// It stays as it is, for a client that forgets the next one.
    Keep,
}

/// Why a session was ended; stored with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// The person signed out there.
    SignedOut,
    /// The person signed it out from elsewhere.
    Revoked,
    /// Another password was chosen.
    PasswordChanged,
    /// The person may not come in any more.
    TurnedOut,
    /// A refresh token was shown that had been used up.
    TokenReused,
}

impl Because {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::PasswordChanged => "password_changed",
            Self::TurnedOut => "turned_out",
            Self::TokenReused => "token_reused",
        }
    }
}

/// What is noted of the device that signs in.
#[derive(Debug, Clone, Default)]
pub struct Device {
    pub user_agent: String,
    pub address: String,
}

impl Session {
    /// Those of the sessions that are alive and whose person may enter an active tenant, in no order:
    /// asked on every call, so that a suspension counts at once.
    pub async fn signed_in(conn: &mut Conn, ids: &[SessionId], now: DateTime<Utc>) -> Result<Vec<SignedIn>, Error> {
        let alive = sessions::table
            .inner_join(users::table)
            .left_join(tenants::table)
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .filter(users::is_active)
            .filter(users::status.eq(UserStatus::Active))
            .filter(sessions::tenant_id.is_null().or(tenants::is_active.assume_not_null()))
            .select((sessions::id, User::as_select(), tenants::slug.nullable()));
        let found: Vec<(SessionId, User, Option<String>)> = match ids {
            // Nearly always it is one. Of "any of these" the planner supposes that they are ten.
            [id] => alive.filter(sessions::id.eq(id)).load(conn).await?,
            ids => alive.filter(sessions::id.eq_any(ids)).load(conn).await?,
        };
        let signed_in = |(session, user, slug): (_, _, Option<String>)| SignedIn {
            session,
            user: Arc::new(user),
            tenant_slug: slug.map(Arc::from),
        };
        Ok(found.into_iter().map(signed_in).collect())
    }

    /// Signs `user` in on a device: a session, the time of it, and the event, all or nothing.
    /// `better_hash` replaces the password's hash when it was made with lesser parameters.
    ///
    /// None when the person was turned out between the check of the password and now.
    pub async fn open(
        conn: &mut Conn,
        user: &User,
        device: &Device,
        better_hash: Option<String>,
        seal: &TokenSeal,
        now: DateTime<Utc>,
    ) -> Result<Option<Continued>, Error> {
        conn.transaction(async |conn| {
            // The hash is compared: a password that was changed meanwhile opens nothing.
            let row = users::table
                .find(user.id)
                .filter(users::is_active)
                .filter(users::status.eq(UserStatus::Active))
                .filter(users::password_hash.is_not_distinct_from(&user.password_hash));
            let hash = better_hash.or_else(|| user.password_hash.clone());
            let signed_in = diesel::update(row)
                .set((users::last_login_at.eq(now), users::password_hash.eq(hash)))
                .returning(User::as_returning())
                .get_result(conn)
                .await
                .optional()?;
            let Some(user) = signed_in else { return Ok(None) };

            let id = SessionId::new();
            let refresh = seal.seal(REFRESH, id.0, 0);
            diesel::insert_into(sessions::table)
                .values(Self {
                    id,
                    tenant_id: user.tenant_id,
                    user_id: user.id,
                    refresh_hash: token_hash(&refresh),
                    generation: 0,
                    rotated_at: now,
                    user_agent: device.user_agent.chars().take(300).collect(),
                    address: device.address.chars().take(100).collect(),
                    created_at: now,
                    last_used_at: now,
                    expires_at: now + LIFETIME,
                    revoked_at: None,
                    revoked_because: None,
                })
                .execute(conn)
                .await?;
            if let Some(tenant) = user.tenant_id {
                let event = Event {
                    tenant,
                    kind: EventKind::SignIn,
                    user: Some(user.id),
                    course: None,
                    context: json!({ "session": id }),
                    dedupe_key: Some(format!("sign_in:{id}")),
                };
                event.record(conn, now).await?;
            }
            Ok(Some(Continued { session: id, user, refresh }))
        })
        .await
    }

    /// Continues a session by its refresh token.
    pub async fn refresh(
        conn: &mut Conn,
        token: &str,
        rotation: Rotation,
        seal: &TokenSeal,
        now: DateTime<Utc>,
    ) -> Result<Refreshed, Error> {
        let named = seal.open(REFRESH, token).map(|(id, number)| (SessionId(id), i32::try_from(number)));
        let Some((id, Ok(shown))) = named else { return Ok(Refreshed::Refused) };
        let Some(SignedIn { user, .. }) = Self::signed_in(conn, &[id], now).await?.pop() else {
            return Ok(Refreshed::Refused);
        };
        let user = Arc::unwrap_or_clone(user);
        let next = seal.seal(REFRESH, id.0, shown.saturating_add(1).unsigned_abs());
        let current = sessions::table
            .find(id)
            .filter(sessions::generation.eq(shown))
            .filter(sessions::refresh_hash.eq(token_hash(token)))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now));
        let used = match rotation {
            Rotation::Keep => diesel::update(current).set(sessions::last_used_at.eq(now)).execute(conn).await?,
            Rotation::Rotate => {
                let rotated = (
                    sessions::generation.eq(shown.saturating_add(1)),
                    sessions::refresh_hash.eq(token_hash(&next)),
                    sessions::rotated_at.eq(now),
                    sessions::last_used_at.eq(now),
                );
                diesel::update(current).set(rotated).execute(conn).await?
            }
        };
        if used == 1 {
            let refresh = if rotation == Rotation::Keep { token.to_owned() } else { next };
            return Ok(Refreshed::Continued(Box::new(Continued { session: id, user, refresh })));
        }
        Self::judge_late(conn, id, shown, now).await.map(|verdict| match verdict {
            Verdict::Late => Refreshed::Continued(Box::new(Continued { session: id, user, refresh: next })),
            Verdict::Reused => Refreshed::Reused(id),
            Verdict::Dead => Refreshed::Refused,
        })
    }

    /// Tells a tab that came second from somebody with a stolen copy.
    async fn judge_late(conn: &mut Conn, id: SessionId, shown: i32, now: DateTime<Utc>) -> Result<Verdict, Error> {
        let row = sessions::table
            .find(id)
            .filter(sessions::revoked_at.is_null())
            .select((sessions::generation, sessions::rotated_at))
            .first::<(i32, DateTime<Utc>)>(conn)
            .await
            .optional()?;
        let Some((generation, rotated_at)) = row else { return Ok(Verdict::Dead) };
        if generation == shown.saturating_add(1) && now < rotated_at + GRACE {
            return Ok(Verdict::Late);
        }
        if generation <= shown {
            // Newer than what we know: a database that was set back. Sign in again.
            return Ok(Verdict::Dead);
        }
        Self::end(conn, id, Because::TokenReused, now).await?;
        Ok(Verdict::Reused)
    }

    /// The session that a refresh token belongs to, whether it is the newest or not.
    pub fn named_by(token: &str, seal: &TokenSeal) -> Option<SessionId> {
        seal.open(REFRESH, token).map(|(id, _)| SessionId(id))
    }

    /// The devices that somebody is signed in on, the one used last first.
    pub async fn list(conn: &mut Conn, user: UserId, page: Numbered, now: DateTime<Utc>) -> Result<Page<Self>, Error> {
        let alive = || {
            sessions::table
                .filter(sessions::user_id.eq(user))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(now))
        };
        let total = alive().count().get_result(conn).await?;
        let items = alive()
            .order((sessions::last_used_at.desc(), sessions::id.desc()))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(items, total))
    }

    /// Ends one of somebody's sessions; says whether there was such a one.
    pub async fn end_own(conn: &mut Conn, user: UserId, id: SessionId, now: DateTime<Utc>) -> Result<bool, Error> {
        let ended = diesel::update(sessions::table.find(id))
            .filter(sessions::user_id.eq(user))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .set((sessions::revoked_at.eq(now), sessions::revoked_because.eq(Because::Revoked.as_str())))
            .execute(conn)
            .await?;
        Ok(ended == 1)
    }

    /// Ends a session.
    pub async fn end(conn: &mut Conn, id: SessionId, because: Because, now: DateTime<Utc>) -> Result<(), Error> {
        diesel::update(sessions::table.find(id))
            .filter(sessions::revoked_at.is_null())
            .set((sessions::revoked_at.eq(now), sessions::revoked_because.eq(because.as_str())))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Ends all of somebody's sessions but `spared`.
    pub(super) async fn end_all_of(
        conn: &mut Conn,
        user: UserId,
        spared: Option<SessionId>,
        because: Because,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        diesel::update(sessions::table)
            .filter(sessions::user_id.eq(user))
            .filter(sessions::id.ne(spared.unwrap_or(SessionId(uuid::Uuid::nil()))))
            .filter(sessions::revoked_at.is_null())
            .set((sessions::revoked_at.eq(now), sessions::revoked_because.eq(because.as_str())))
            .execute(conn)
            .await?;
        Ok(())
    }
}

enum Verdict {
    Late,
    Reused,
    Dead,
}
