//! Learner groups: cohorts and teams, people who are enrolled together.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::SyncGroup;
use super::{User, UserRole, UserStatus};
use crate::db::schema::{group_memberships, learner_groups, users};
use crate::db::{Conn, Error, Numbered, Page, broken_constraint, containing};
use crate::ids::{GroupId, TenantId, UserId};

/// A group.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = learner_groups)]
pub struct Group {
    pub id: GroupId,
    pub tenant_id: TenantId,
    /// Unique in the tenant.
    pub name: String,
    pub description: String,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A group, and how many are in it.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    pub group: Group,
    pub member_count: i64,
}

/// A person in a group.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct Member {
    pub user_id: UserId,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub role: UserRole,
    pub status: UserStatus,
    pub joined_at: DateTime<Utc>,
}

/// A group about to be made.
#[derive(Debug, Clone, Default)]
pub struct NewGroup {
    pub name: String,
    pub description: String,
    pub members: Vec<UserId>,
}

/// What may be changed of a group; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct GroupChanges {
    pub name: Option<String>,
    pub description: Option<String>,
    /// Instead of all that were in it.
    pub members: Option<Vec<UserId>>,
}

/// Why a group cannot be made or changed so.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// The name is another group's.
    #[error("There is a group with this name already.")]
    NameTaken,
    /// These are nobody of the tenant.
    #[error("These people do not exist: {}.", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    UnknownMembers(Vec<UserId>),
    /// Somebody else was faster.
    #[error("The group was changed meanwhile.")]
    Changed,
    /// The database's.
    #[error(transparent)]
    Database(Error),
}

impl From<Error> for GroupError {
    fn from(error: Error) -> Self {
        match broken_constraint(&error) {
            Some("learner_groups_name_per_tenant") => Self::NameTaken,
            _ => Self::Database(error),
        }
    }
}

/// What became of one person who was to join or leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// It was so already.
    Unchanged,
    /// There is no such person.
    Unknown,
}

impl Group {
    /// The group of this tenant with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: GroupId) -> Result<Option<GroupRow>, Error> {
        let found = learner_groups::table
            .filter(learner_groups::tenant_id.eq(tenant))
            .filter(learner_groups::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()?;
        let Some(group) = found else { return Ok(None) };
        let member_count = count(conn, tenant, id).await?;
        Ok(Some(GroupRow { group, member_count }))
    }

    /// The tenant's groups by name; `search` is a part of name or description.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        search: Option<&str>,
        page: Numbered,
    ) -> Result<Page<GroupRow>, Error> {
        let matching = || {
            let query = learner_groups::table.filter(learner_groups::tenant_id.eq(tenant)).into_boxed();
            match search.map(str::trim).filter(|search| !search.is_empty()).map(containing) {
                None => query,
                Some(pattern) => query
                    .filter(learner_groups::name.ilike(pattern.clone()).or(learner_groups::description.ilike(pattern))),
            }
        };
        let total = matching().count().get_result(conn).await?;
        let groups: Vec<Self> = matching()
            .order((learner_groups::name, learner_groups::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        // One question for all of the page's groups.
        let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
        let counts: Vec<(GroupId, i64)> = group_memberships::table
            .filter(group_memberships::tenant_id.eq(tenant))
            .filter(group_memberships::group_id.eq_any(ids))
            .group_by(group_memberships::group_id)
            .select((group_memberships::group_id, count_star()))
            .load(conn)
            .await?;
        let rows = groups.into_iter().map(|group| {
            let count = counts.iter().find(|(id, _)| *id == group.id);
            GroupRow { member_count: count.map_or(0, |(_, count)| *count), group }
        });
        Ok(Page::numbered(rows.collect(), total))
    }

    /// Makes a group of people.
    pub async fn create(
        conn: &mut Conn,
        tenant: TenantId,
        new: NewGroup,
        now: DateTime<Utc>,
    ) -> Result<GroupRow, GroupError> {
        conn.transaction(async |conn| {
            let group: Self = diesel::insert_into(learner_groups::table)
                .values(Self {
                    id: GroupId::new(),
                    tenant_id: tenant,
                    name: new.name,
                    description: new.description,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                })
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            let member_count = admit_all(conn, tenant, group.id, &new.members, now).await?;
            Ok(GroupRow { group, member_count })
        })
        .await
    }

    /// Changes a group; `seen` is the version that the change is meant for. None when there is no
    /// such group.
    pub async fn change(
        conn: &mut Conn,
        tenant: TenantId,
        id: GroupId,
        changes: GroupChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Option<GroupRow>, GroupError> {
        conn.transaction(async |conn| {
            let Some(before) = Self::lock(conn, tenant, id).await? else { return Ok(None) };
            if seen.is_some_and(|seen| seen != before.version) {
                return Err(GroupError::Changed);
            }
            let group: Self = diesel::update(learner_groups::table.find(id))
                .set((
                    changes.name.map(|name| learner_groups::name.eq(name)),
                    changes.description.map(|text| learner_groups::description.eq(text)),
                    learner_groups::version.eq(learner_groups::version + 1),
                    learner_groups::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            if let Some(members) = changes.members {
                // Who stays keeps the day on which they joined.
                diesel::delete(group_memberships::table)
                    .filter(group_memberships::tenant_id.eq(tenant))
                    .filter(group_memberships::group_id.eq(id))
                    .filter(group_memberships::user_id.ne_all(&members))
                    .execute(conn)
                    .await?;
                admit_all(conn, tenant, id, &members, now).await?;
                SyncGroup::ask(conn, tenant, id).await?;
            }
            let member_count = count(conn, tenant, id).await?;
            Ok(Some(GroupRow { group, member_count }))
        })
        .await
    }

    /// Deletes a group; its people stay. Says whether there was such a group.
    pub async fn delete(conn: &mut Conn, tenant: TenantId, id: GroupId) -> Result<bool, Error> {
        let deleted = diesel::delete(learner_groups::table)
            .filter(learner_groups::tenant_id.eq(tenant))
            .filter(learner_groups::id.eq(id))
            .execute(conn)
            .await?;
        Ok(deleted == 1)
    }

    /// The people of a group, by e-mail.
    pub async fn members(
        conn: &mut Conn,
        tenant: TenantId,
        id: GroupId,
        page: Numbered,
    ) -> Result<Page<Member>, Error> {
        let total = count(conn, tenant, id).await?;
        let members = group_memberships::table
            .inner_join(users::table)
            .filter(group_memberships::tenant_id.eq(tenant))
            .filter(group_memberships::group_id.eq(id))
            .order((users::email, users::id))
            .limit(page.limit())
            .offset(page.offset())
            .select((
                users::id,
                users::email,
                users::first_name,
                users::last_name,
                users::role,
                users::status,
                group_memberships::joined_at,
            ))
            .load(conn)
            .await?;
        Ok(Page::numbered(members, total))
    }

    /// Takes people in, and says of each what became of them. None when there is no such group.
    pub async fn admit(
        conn: &mut Conn,
        tenant: TenantId,
        id: GroupId,
        people: &[UserId],
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<(UserId, Outcome)>>, Error> {
        conn.transaction(async |conn| {
            if Self::lock(conn, tenant, id).await?.is_none() {
                return Ok(None);
            }
            let known = living(conn, tenant, people).await?;
            let joined = insert(conn, tenant, id, &known, now).await?;
            SyncGroup::ask(conn, tenant, id).await?;
            let outcome = |person: &UserId| match (joined.contains(person), known.contains(person)) {
                (true, _) => Outcome::Done,
                (false, true) => Outcome::Unchanged,
                (false, false) => Outcome::Unknown,
            };
            Ok(Some(people.iter().map(|person| (*person, outcome(person))).collect()))
        })
        .await
    }

    /// Lets people go, and says of each what became of them. None when there is no such group.
    pub async fn dismiss(
        conn: &mut Conn,
        tenant: TenantId,
        id: GroupId,
        people: &[UserId],
    ) -> Result<Option<Vec<(UserId, Outcome)>>, Error> {
        conn.transaction(async |conn| {
            if Self::lock(conn, tenant, id).await?.is_none() {
                return Ok(None);
            }
            let known = living(conn, tenant, people).await?;
            let gone: Vec<UserId> = diesel::delete(group_memberships::table)
                .filter(group_memberships::tenant_id.eq(tenant))
                .filter(group_memberships::group_id.eq(id))
                .filter(group_memberships::user_id.eq_any(people))
                .returning(group_memberships::user_id)
                .get_results(conn)
                .await?;
            SyncGroup::ask(conn, tenant, id).await?;
            let outcome = |person: &UserId| match (gone.contains(person), known.contains(person)) {
                (true, _) => Outcome::Done,
                (false, true) => Outcome::Unchanged,
                (false, false) => Outcome::Unknown,
            };
            Ok(Some(people.iter().map(|person| (*person, outcome(person))).collect()))
        })
        .await
    }

    /// The group as it is, until the transaction ends.
    async fn lock(conn: &mut Conn, tenant: TenantId, id: GroupId) -> Result<Option<Self>, Error> {
        learner_groups::table
            .filter(learner_groups::tenant_id.eq(tenant))
            .filter(learner_groups::id.eq(id))
            .select(Self::as_select())
            .for_update()
            .first(conn)
            .await
            .optional()
    }
}

async fn count(conn: &mut Conn, tenant: TenantId, id: GroupId) -> Result<i64, Error> {
    group_memberships::table
        .filter(group_memberships::tenant_id.eq(tenant))
        .filter(group_memberships::group_id.eq(id))
        .count()
        .get_result(conn)
        .await
}

/// Those of `people` who are of the tenant and not deleted.
async fn living(conn: &mut Conn, tenant: TenantId, people: &[UserId]) -> Result<Vec<UserId>, Error> {
    users::table
        .filter(users::tenant_id.eq(tenant))
        .filter(users::id.eq_any(people))
        .filter(users::status.ne(UserStatus::Deleted))
        .select(users::id)
        .load(conn)
        .await
}

/// Takes all of `people` in, or fails.
async fn admit_all(
    conn: &mut Conn,
    tenant: TenantId,
    id: GroupId,
    people: &[UserId],
    now: DateTime<Utc>,
) -> Result<i64, GroupError> {
    let known = living(conn, tenant, people).await?;
    let unknown: Vec<UserId> = people.iter().copied().filter(|person| !known.contains(person)).collect();
    if !unknown.is_empty() {
        return Err(GroupError::UnknownMembers(unknown));
    }
    insert(conn, tenant, id, &known, now).await?;
    Ok(count(conn, tenant, id).await?)
}

async fn insert(
    conn: &mut Conn,
    tenant: TenantId,
    id: GroupId,
    people: &[UserId],
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, Error> {
    let rows: Vec<_> = people
        .iter()
        .map(|person| {
            (
                group_memberships::tenant_id.eq(tenant),
                group_memberships::group_id.eq(id),
                group_memberships::user_id.eq(*person),
                group_memberships::joined_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(group_memberships::table)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(group_memberships::user_id)
        .get_results(conn)
        .await
}

impl Member {
    /// As [`User::full_name`].
    pub fn full_name(&self) -> String {
        User::full_name_of(&self.first_name, &self.last_name, &self.email)
    }
}
