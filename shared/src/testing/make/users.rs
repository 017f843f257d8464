//! People, and devices that they are signed in on.

use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{morning, serial};
use crate::db::schema::{sessions, users};
use crate::ids::{SessionId, TenantId, UserId};
use crate::testing::TestDb;
use crate::users::{Session, User, UserRole, UserStatus};

/// A person about to be made.
#[derive(Debug, Clone)]
pub struct UserMaker(User);

/// A person of a tenant: an active learner, unless told otherwise. `None` makes a superuser.
pub fn user(tenant: impl Into<Option<TenantId>>) -> UserMaker {
    let tenant_id = tenant.into();
    let number = serial();
    UserMaker(User {
        id: UserId::new(),
        tenant_id,
        email: format!("person-{number}@example.org"),
        password_hash: None,
        first_name: "Person".to_owned(),
        last_name: number.to_string(),
        role: if tenant_id.is_none() { UserRole::Admin } else { UserRole::Learner },
        status: UserStatus::Active,
        is_active: true,
        is_superuser: tenant_id.is_none(),
        bio: String::new(),
        language: "en".to_owned(),
        timezone: "UTC".to_owned(),
        preferences: json!({}),
        avatar_url: None,
        last_login_at: None,
        version: 1,
        created_at: morning(),
        updated_at: morning(),
    })
}

impl UserMaker {
    /// With this role.
    pub fn role(mut self, role: UserRole) -> Self {
        self.0.role = role;
        self
    }

    /// With this status.
    pub fn status(mut self, status: UserStatus) -> Self {
        self.0.status = status;
        self
    }

    /// With this e-mail.
    pub fn email(mut self, email: &str) -> Self {
        email.clone_into(&mut self.0.email);
        self
    }

    /// With this name.
    pub fn name(mut self, first: &str, last: &str) -> Self {
        first.clone_into(&mut self.0.first_name);
        last.clone_into(&mut self.0.last_name);
        self
    }

    /// With this password hash.
    pub fn password_hash(mut self, hash: &str) -> Self {
        self.0.password_hash = Some(hash.to_owned());
        self
    }

    /// Into the database.
    pub async fn make(self, db: &TestDb) -> User {
        diesel::insert_into(users::table).values(&self.0).execute(&mut db.platform().await).await.expect("a person");
        self.0
    }
}

/// A device that a person is signed in on for a week.
pub async fn session(db: &TestDb, user: &User) -> SessionId {
    let id = SessionId::new();
    let row = Session {
        id,
        tenant_id: user.tenant_id,
        user_id: user.id,
        refresh_hash: id.0.as_bytes().to_vec(),
        generation: 0,
        rotated_at: morning(),
        user_agent: "test".to_owned(),
        address: "127.0.0.1".to_owned(),
        created_at: morning(),
        last_used_at: morning(),
        expires_at: morning() + TimeDelta::days(7),
        revoked_at: None,
        revoked_because: None,
    };
    diesel::insert_into(sessions::table).values(&row).execute(&mut db.platform().await).await.expect("a session");
    id
}

/// Suspends somebody behind everybody's back.
pub async fn suspend(db: &TestDb, user: UserId) {
    let change = diesel::update(users::table.find(user)).set(users::status.eq(UserStatus::Suspended));
    change.execute(&mut db.platform().await).await.expect("suspended");
}
