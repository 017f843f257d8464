//! A person.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::db::schema::{sessions, sql_types, tenants, users};
use crate::db::{Conn, Error, sql_enum};
use crate::ids::{TenantId, UserId};

sql_enum! {
    /// What a person is in their tenant.
    UserRole: sql_types::UserRole {
        /// Runs the tenant.
        Admin = "ADMIN",
        /// Teaches.
        Instructor = "INSTRUCTOR",
        /// Learns.
        Learner = "LEARNER" | "STUDENT",
    }
}

sql_enum! {
    /// Whether a person may come in.
    UserStatus: sql_types::UserStatus {
        /// Yes.
        Active = "ACTIVE",
        /// Not before the invitation is accepted.
        Invited = "INVITED",
        /// Not until an administrator says so.
        Suspended = "SUSPENDED",
        /// Never again; kept because certificates name them.
        Deleted = "DELETED",
    }
}

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct User {
    pub id: UserId,
    /// None for superusers only.
    pub tenant_id: Option<TenantId>,
    /// Unique on the platform, whatever its case.
    pub email: String,
    /// argon2id in PHC form; none until an invitation is accepted.
    pub password_hash: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub role: UserRole,
    pub status: UserStatus,
    /// Off ends every session.
    pub is_active: bool,
    pub is_superuser: bool,
    pub bio: String,
    pub language: String,
    /// An IANA zone.
    pub timezone: String,
    pub preferences: Value,
    pub avatar_url: Option<String>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl User {
    /// First and last name, or the e-mail's when there is none.
    pub fn full_name(&self) -> String {
        Self::full_name_of(&self.first_name, &self.last_name, &self.email)
    }

    pub(super) fn full_name_of(first: &str, last: &str, email: &str) -> String {
        let name = format!("{first} {last}");
        let name = name.trim();
        if name.is_empty() { email.to_owned() } else { name.to_owned() }
    }

    /// Whether this person may be signed in at all.
    pub fn may_enter(&self) -> bool {
        self.is_active && self.status == UserStatus::Active
    }

    /// Whether this person was invited and has not come yet.
    pub fn is_invited(&self) -> bool {
        self.is_active && self.status == UserStatus::Invited
    }

    /// Whether this person runs their tenant, or the platform, just now.
    pub fn governs(&self) -> bool {
        self.may_enter() && self.role == UserRole::Admin
    }

    /// The person of this tenant with this id.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: UserId) -> Result<Option<Self>, Error> {
        users::table
            .filter(users::tenant_id.eq(tenant))
            .filter(users::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// The person who signs in with this e-mail, in any case; deleted people have none.
    pub async fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<Self>, Error> {
        users::table
            .filter(lower(users::email).eq(lower(email)))
            .filter(users::status.ne(UserStatus::Deleted))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// The person of a password reset or invitation mail, or any other that names its reader.
    pub async fn find_anywhere(conn: &mut Conn, id: UserId) -> Result<Option<Self>, Error> {
        users::table.find(id).select(Self::as_select()).first(conn).await.optional()
    }

    /// The person who tries to sign in with this e-mail from this address.
    pub async fn find_candidate(conn: &mut Conn, email: &str, address: &str) -> Result<Option<Candidate>, Error> {
        let been_here = diesel::dsl::exists(
            sessions::table.filter(sessions::user_id.eq(users::id)).filter(sessions::address.eq(address)),
        );
        let found = users::table
            .left_join(tenants::table)
            .filter(lower(users::email).eq(lower(email)))
            .filter(users::status.ne(UserStatus::Deleted))
            .select((Self::as_select(), tenants::is_active.nullable(), been_here))
            .first::<(Self, Option<bool>, bool)>(conn)
            .await
            .optional()?;
        Ok(found.map(|(user, tenant_is_active, is_known_here)| Candidate {
            user,
            tenant_is_active: tenant_is_active.unwrap_or(true),
            is_known_here,
        }))
    }
}

/// Somebody who tries to sign in.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub user: User,
    /// True for superusers, who have no tenant.
    pub tenant_is_active: bool,
    /// Whether they have signed in from that address before.
    pub is_known_here: bool,
}

impl Candidate {
    /// Whether the right password lets them in.
    pub fn may_enter(&self) -> bool {
        self.tenant_is_active && self.user.may_enter()
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}
