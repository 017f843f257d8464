//! A signed-in device. Access tokens name it and die with it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{User, UserStatus};
use crate::db::schema::{sessions, tenants, users};
use crate::db::{Conn, Error};
use crate::ids::{SessionId, TenantId, UserId};

/// A signed-in device.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = sessions)]
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

/// A session that is alive, with its person.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    pub session: SessionId,
    pub user: User,
}

impl Session {
    /// The person of a session, if the session is alive, the person may enter and the tenant is
    /// active: asked on every call, so that a suspension counts at once.
    ///
    /// # Errors
    /// The database's.
    pub async fn signed_in(conn: &mut Conn, id: SessionId, now: DateTime<Utc>) -> Result<Option<SignedIn>, Error> {
        let user = sessions::table
            .inner_join(users::table)
            .left_join(tenants::table)
            .filter(sessions::id.eq(id))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .filter(users::is_active)
            .filter(users::status.eq(UserStatus::Active))
            .filter(sessions::tenant_id.is_null().or(tenants::is_active.assume_not_null()))
            .select(User::as_select())
            .first(conn)
            .await
            .optional()?;
        Ok(user.map(|user| SignedIn { session: id, user }))
    }
}
