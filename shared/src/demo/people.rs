//! Tenants, people and groups.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{Seed, id};
use crate::db::schema::{group_memberships, learner_groups, tenant_domains, tenants, users};
use crate::db::{Conn, Error};
use crate::ids::{GroupId, TenantDomainId, TenantId, UserId};
use crate::tenants::Tenant;
use crate::users::{User, UserRole, UserStatus};

/// The superuser's account.
pub(super) const SUPERUSER: &str = "admin@lms.local";

const INSTRUCTORS: [(&str, &str); 3] = [("John", "Smith"), ("Sarah", "Johnson"), ("Michael", "Chen")];
const LEARNERS: [(&str, &str); 12] = [
    ("Alice", "Williams"),
    ("Bob", "Brown"),
    ("Carol", "Davis"),
    ("David", "Miller"),
    ("Emma", "Wilson"),
    ("Frank", "Moore"),
    ("Grace", "Taylor"),
    ("Henry", "Anderson"),
    ("Ivy", "Thomas"),
    ("Jack", "Jackson"),
    ("Kate", "White"),
    ("Leo", "Harris"),
];
const GROUPS: [&str; 3] = ["2024 Cohort A", "2024 Cohort B", "Engineering Team"];
/// How many learners are in each.
pub(super) const IN_A_GROUP: usize = 4;

/// Makes the superuser, unless there is one of that name.
pub(super) async fn superuser(conn: &mut Conn, password_hash: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let row = person(
        UserId(id("lms", "superuser")),
        None,
        SUPERUSER,
        ("Super", "Admin"),
        UserRole::Admin,
        password_hash,
        now,
    );
    diesel::insert_into(users::table).values(&row).on_conflict_do_nothing().execute(conn).await?;
    Ok(())
}

/// Makes a tenant with its host name.
pub(super) async fn tenant(
    conn: &mut Conn,
    slug: &'static str,
    name: &str,
    color: &str,
    now: DateTime<Utc>,
) -> Result<(), super::DemoError> {
    let tenant = TenantId(id(slug, "tenant"));
    let row = Tenant {
        id: tenant,
        name: name.to_owned(),
        slug: slug.to_owned(),
        is_active: true,
        theme_config: json!({"primary_color": color, "logo_text": name}),
        feature_flags: json!({"ai_enabled": true, "certificates_enabled": true, "learning_paths_enabled": true}),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let made = diesel::insert_into(tenants::table).values(&row).on_conflict_do_nothing().execute(conn).await?;
    if made == 0 {
        return Err(super::DemoError::AlreadyThere);
    }
    diesel::insert_into(tenant_domains::table)
        .values((
            tenant_domains::id.eq(TenantDomainId(id(slug, "domain"))),
            tenant_domains::tenant_id.eq(tenant),
            tenant_domains::domain.eq(format!("{slug}.localhost")),
            tenant_domains::is_primary.eq(true),
            tenant_domains::created_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Somebody with an account that works.
fn person(
    id: UserId,
    tenant: Option<TenantId>,
    email: &str,
    (first, last): (&str, &str),
    role: UserRole,
    password_hash: &str,
    now: DateTime<Utc>,
) -> User {
    User {
        id,
        tenant_id: tenant,
        email: email.to_owned(),
        password_hash: Some(password_hash.to_owned()),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        role,
        status: UserStatus::Active,
        is_active: true,
        is_superuser: tenant.is_none(),
        bio: String::new(),
        language: "en".to_owned(),
        timezone: "UTC".to_owned(),
        preferences: json!({}),
        avatar_url: None,
        last_login_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

impl Seed<'_> {
    /// One administrator, three instructors, twelve learners.
    pub(super) async fn people(&self, conn: &mut Conn) -> Result<usize, Error> {
        let mut rows = vec![self.person("admin", ("Admin", self.slug), UserRole::Admin)];
        for (names, role) in [(INSTRUCTORS.as_slice(), UserRole::Instructor), (LEARNERS.as_slice(), UserRole::Learner)]
        {
            rows.extend(names.iter().map(|&(first, last)| {
                let account = format!("{}.{}", first.to_lowercase(), last.to_lowercase());
                self.person(&account, (first, last), role)
            }));
        }
        diesel::insert_into(users::table).values(&rows).execute(conn).await
    }

    fn person(&self, account: &str, names: (&str, &str), role: UserRole) -> User {
        let email = format!("{account}@{}.local", self.slug);
        person(self.user(account), Some(self.tenant), &email, names, role, self.password_hash, self.today)
    }

    /// The person of this account.
    fn user(&self, account: &str) -> UserId {
        UserId(self.id(&format!("user {account}")))
    }

    /// The instructor at this position.
    pub(super) fn instructor(&self, position: usize) -> UserId {
        let (first, last) = INSTRUCTORS.get(position % INSTRUCTORS.len()).copied().unwrap_or_default();
        self.user(&format!("{}.{}", first.to_lowercase(), last.to_lowercase()))
    }

    /// The instructor's name.
    pub(super) fn instructor_name(position: usize) -> String {
        let (first, last) = INSTRUCTORS.get(position % INSTRUCTORS.len()).copied().unwrap_or_default();
        format!("{first} {last}")
    }

    /// The administrator.
    pub(super) fn administrator(&self) -> UserId {
        self.user("admin")
    }

    /// The learners, with their names.
    pub(super) fn learners(&self) -> Vec<(UserId, String)> {
        LEARNERS
            .iter()
            .map(|(first, last)| {
                let account = format!("{}.{}", first.to_lowercase(), last.to_lowercase());
                (self.user(&account), format!("{first} {last}"))
            })
            .collect()
    }

    /// The group of the learner at this position.
    pub(super) fn group_of(&self, position: usize) -> Option<GroupId> {
        GROUPS.get(position / IN_A_GROUP).map(|name| self.group(name))
    }

    fn group(&self, name: &str) -> GroupId {
        GroupId(self.id(&format!("group {name}")))
    }

    /// Three groups of four learners.
    pub(super) async fn groups(&self, conn: &mut Conn) -> Result<usize, Error> {
        for (learners, name) in self.learners().chunks(IN_A_GROUP).zip(GROUPS) {
            let group = self.group(name);
            diesel::insert_into(learner_groups::table)
                .values((
                    learner_groups::id.eq(group),
                    learner_groups::tenant_id.eq(self.tenant),
                    learner_groups::name.eq(name),
                    learner_groups::description.eq(format!("Group for {name}")),
                    learner_groups::created_at.eq(self.today),
                    learner_groups::updated_at.eq(self.today),
                ))
                .execute(conn)
                .await?;
            let members: Vec<_> = learners
                .iter()
                .map(|(user, _)| {
                    (
                        group_memberships::tenant_id.eq(self.tenant),
                        group_memberships::group_id.eq(group),
                        group_memberships::user_id.eq(*user),
                        group_memberships::joined_at.eq(self.today),
                    )
                })
                .collect();
            diesel::insert_into(group_memberships::table).values(members).execute(conn).await?;
        }
        Ok(GROUPS.len())
    }
}
