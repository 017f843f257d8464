//! How people come to be: they register, are made by an administrator, or are invited.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::jobs::SendInvitation;
use super::{OneTimePurpose, OneTimeToken, User, UserError, UserRole, UserStatus};
use crate::db::schema::users;
use crate::db::{Conn, Error};
use crate::ids::{TenantId, UserId};
use crate::jobs::{JobOptions, enqueue_with};
use crate::secret::TokenSeal;
use crate::tenants::Usual;

/// Somebody about to be let in.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// None makes a superuser.
    pub tenant: Option<TenantId>,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub role: UserRole,
    /// Without one they are invited to choose one.
    pub password_hash: Option<String>,
}

impl User {
    /// Makes a person who can sign in at once, or is [invited](Self::invite) when there is no
    /// password yet.
    pub async fn create(
        conn: &mut Conn,
        new: NewUser,
        made_by: Option<UserId>,
        seal: &TokenSeal,
        now: DateTime<Utc>,
    ) -> Result<Self, UserError> {
        conn.transaction(async |conn| {
            let user = Self::insert(conn, new, now).await?;
            if user.status == UserStatus::Invited {
                user.send_invitation(conn, made_by, seal, now).await?;
            }
            Ok(user)
        })
        .await
    }

    async fn insert(conn: &mut Conn, new: NewUser, now: DateTime<Utc>) -> Result<Self, UserError> {
        let usual = Usual::of(conn, new.tenant).await?;
        let status = if new.password_hash.is_some() { UserStatus::Active } else { UserStatus::Invited };
        diesel::insert_into(users::table)
            .values(Self {
                id: UserId::new(),
                tenant_id: new.tenant,
                email: new.email,
                password_hash: new.password_hash,
                first_name: new.first_name,
                last_name: new.last_name,
                role: new.role,
                status,
                is_active: true,
                is_superuser: new.tenant.is_none(),
                bio: String::new(),
                language: usual.language,
                timezone: usual.timezone,
                preferences: json!({}),
                avatar_url: None,
                last_login_at: None,
                version: 1,
                created_at: now,
                updated_at: now,
            })
            // The e-mail's unique index is the check, also between two who come at once.
            .on_conflict_do_nothing()
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?
            .ok_or(UserError::EmailTaken)
    }

    /// Sends the invitation again, under a new link.
    pub async fn invite(
        &self,
        conn: &mut Conn,
        invited_by: UserId,
        seal: &TokenSeal,
        now: DateTime<Utc>,
    ) -> Result<(), UserError> {
        if !self.is_invited() {
            return Err(UserError::NotInvited);
        }
        conn.transaction(async |conn| self.send_invitation(conn, Some(invited_by), seal, now).await).await?;
        Ok(())
    }

    async fn send_invitation(
        &self,
        conn: &mut Conn,
        invited_by: Option<UserId>,
        seal: &TokenSeal,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let token = OneTimeToken::issue(conn, self, OneTimePurpose::Invitation, seal, now).await?;
        let job = SendInvitation { tenant_id: self.tenant_of_jobs(), token_id: token.id, invited_by };
        let options =
            JobOptions { deadline_at: Some(token.expires_at), created_by: invited_by, ..JobOptions::default() };
        enqueue_with(conn, &job, options).await?;
        Ok(())
    }
}
