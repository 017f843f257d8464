//! Changing people, and what must not happen by it: that a tenant is left with nobody who runs it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::session::Because;
use super::{OneTimeToken, Session, User, UserRole, UserStatus};
use crate::db::schema::{group_memberships, tenants, users};
use crate::db::{Conn, Error};
use crate::ids::{TenantId, UserId};
use crate::tenants::Usual;

/// Why a person cannot be made or changed so.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The e-mail is somebody's.
    #[error("Somebody has this e-mail already.")]
    EmailTaken,
    /// Nobody would be left.
    #[error("This is the last administrator who can sign in. Make somebody else one first.")]
    LastAdmin,
    /// They have no password yet.
    #[error("The invitation has not been accepted yet.")]
    NotAccepted,
    /// They have come already, or may not.
    #[error("There is no invitation waiting for this person.")]
    NotInvited,
    /// Somebody else was faster.
    #[error("The person was changed meanwhile.")]
    Changed,
    /// The database's.
    #[error(transparent)]
    Database(#[from] Error),
}

/// What may be changed of a person; what is `None` stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = users)]
pub struct UserChanges {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub bio: Option<String>,
    /// Empty for the tenant's usual one.
    pub language: Option<String>,
    /// Empty for the tenant's usual one.
    pub timezone: Option<String>,
    pub preferences: Option<Value>,
    pub avatar_url: Option<Option<String>>,
    pub role: Option<UserRole>,
    pub status: Option<UserStatus>,
    pub is_active: Option<bool>,
}

impl UserChanges {
    /// Whether somebody who governs would do so no more.
    fn unseats(&self) -> bool {
        self.role.is_some_and(|role| role != UserRole::Admin)
            || self.status.is_some_and(|status| status != UserStatus::Active)
            || self.is_active == Some(false)
    }

    /// What is to be the usual is what is usual today.
    async fn settled(mut self, conn: &mut Conn, tenant: Option<TenantId>) -> Result<Self, Error> {
        if [&self.language, &self.timezone].into_iter().flatten().any(String::is_empty) {
            let usual = Usual::of(conn, tenant).await?;
            self.language = self.language.map(|chosen| if chosen.is_empty() { usual.language } else { chosen });
            self.timezone = self.timezone.map(|chosen| if chosen.is_empty() { usual.timezone } else { chosen });
        }
        Ok(self)
    }
}

impl User {
    /// Changes a person. Whoever may not come in any more is signed out everywhere. `seen` is the
    /// version that the change is meant for. None when there is no such person.
    pub async fn change(
        conn: &mut Conn,
        tenant: Option<TenantId>,
        id: UserId,
        changes: UserChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, UserError> {
        conn.transaction(async |conn| {
            let Some(before) = lock(conn, tenant, id, changes.unseats()).await? else { return Ok(None) };
            if seen.is_some_and(|seen| seen != before.version) {
                return Err(UserError::Changed);
            }
            if changes.status == Some(UserStatus::Active) && before.password_hash.is_none() {
                return Err(UserError::NotAccepted);
            }
            let changes = changes.settled(conn, before.tenant_id).await?;
            let after: Self = diesel::update(users::table.find(id))
                .set((changes, users::version.eq(users::version + 1), users::updated_at.eq(now)))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            if before.governs() && !after.governs() && !somebody_governs(conn, before.tenant_id).await? {
                return Err(UserError::LastAdmin);
            }
            if !after.may_enter() {
                Session::end_all_of(conn, id, None, Because::TurnedOut, now).await?;
            }
            Ok(Some(after))
        })
        .await
    }

    /// Deletes a person for good: they cannot come in again and are in no group. The row stays,
    /// because certificates and grades name it; the e-mail is free for another.
    pub async fn delete(
        conn: &mut Conn,
        tenant: Option<TenantId>,
        id: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, UserError> {
        conn.transaction(async |conn| {
            let changes =
                UserChanges { status: Some(UserStatus::Deleted), is_active: Some(false), ..UserChanges::default() };
            let Some(deleted) = Self::change(conn, tenant, id, changes, None, now).await? else { return Ok(None) };
            OneTimeToken::void_all_of(conn, id, now).await?;
            if let Some(tenant) = deleted.tenant_id {
                leave_groups(conn, tenant, id).await?;
            }
            Ok(Some(deleted))
        })
        .await
    }
}

/// The person as they are, until the transaction ends. When somebody may be unseated, all such
/// changes of the tenant wait for each other: each must see what the one before it left.
async fn lock(conn: &mut Conn, tenant: Option<TenantId>, id: UserId, may_unseat: bool) -> Result<Option<User>, Error> {
    if may_unseat {
        let home = match tenant {
            Some(tenant) => Some(tenant),
            None => users::table.find(id).select(users::tenant_id).first(conn).await.optional()?.flatten(),
        };
        match home {
            Some(home) => {
                let row = tenants::table.filter(tenants::id.eq(home)).select(tenants::id);
                row.for_no_key_update().load::<TenantId>(conn).await?;
            }
            None => {
                let lock = diesel::sql_query("select pg_advisory_xact_lock(hashtext($1))");
                lock.bind::<Text, _>("lms superusers").execute(conn).await?;
            }
        }
    }
    let found = users::table.filter(users::id.eq(id)).filter(users::status.ne(UserStatus::Deleted));
    match tenant {
        Some(tenant) => {
            let ours = found.filter(users::tenant_id.eq(tenant)).select(User::as_select());
            ours.for_update().first(conn).await.optional()
        }
        None => found.select(User::as_select()).for_update().first(conn).await.optional(),
    }
}

/// Whether anybody can run the tenant, or the platform.
async fn somebody_governs(conn: &mut Conn, tenant: Option<TenantId>) -> Result<bool, Error> {
    let governing = users::table
        .filter(users::role.eq(UserRole::Admin))
        .filter(users::status.eq(UserStatus::Active))
        .filter(users::is_active);
    match tenant {
        Some(tenant) => {
            diesel::select(diesel::dsl::exists(governing.filter(users::tenant_id.eq(tenant)))).get_result(conn).await
        }
        None => diesel::select(diesel::dsl::exists(governing.filter(users::is_superuser))).get_result(conn).await,
    }
}

async fn leave_groups(conn: &mut Conn, tenant: TenantId, id: UserId) -> Result<(), Error> {
    diesel::delete(group_memberships::table)
        .filter(group_memberships::tenant_id.eq(tenant))
        .filter(group_memberships::user_id.eq(id))
        .execute(conn)
        .await?;
    Ok(())
}
