//! Whom an announcement is for.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::announcement::{Announcement, AnnouncementError};
use crate::courses::TakesPartAt;
use crate::db::schema::{
    announcement_recipients, courses, enrollments, group_memberships, learner_groups, sql_types, users,
};
use crate::db::{self, Conn, sql_enum};
use crate::ids::{CourseId, GroupId, TenantId, UserId};
use crate::users::UserStatus;

sql_enum! {
    /// Whom an announcement is for.
    AnnouncementTarget: sql_types::AnnouncementTarget {
        /// Everybody of the tenant.
        AllTenant = "ALL_TENANT",
        /// Those who take part in a course.
        CourseEnrolled = "COURSE_ENROLLED" | "COURSE",
        /// The members of a group.
        Group = "GROUP",
        /// Those whom it names.
        SpecificUsers = "SPECIFIC_USERS" | "USERS",
    }
}

/// Whom an announcement is for, and which of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Everybody of the tenant.
    Tenant,
    /// Those who take part in this course.
    Course(CourseId),
    /// The members of this group.
    Group(GroupId),
    /// These.
    People(Vec<UserId>),
}

impl Target {
    pub(super) const fn kind(&self) -> AnnouncementTarget {
        match self {
            Self::Tenant => AnnouncementTarget::AllTenant,
            Self::Course(_) => AnnouncementTarget::CourseEnrolled,
            Self::Group(_) => AnnouncementTarget::Group,
            Self::People(_) => AnnouncementTarget::SpecificUsers,
        }
    }

    pub(super) const fn course(&self) -> Option<CourseId> {
        if let Self::Course(id) = self { Some(*id) } else { None }
    }

    pub(super) const fn group(&self) -> Option<GroupId> {
        if let Self::Group(id) = self { Some(*id) } else { None }
    }
}

impl Announcement {
    /// The people whom it is for, by id, `most` of them behind `after`.
    pub async fn audience(
        &self,
        conn: &mut Conn,
        after: Option<UserId>,
        most: i64,
        now: DateTime<Utc>,
    ) -> Result<Vec<UserId>, db::Error> {
        let mut people = users::table
            .filter(users::tenant_id.eq(self.tenant_id))
            .filter(users::status.eq(UserStatus::Active))
            .filter(users::is_active)
            .order(users::id)
            .limit(most)
            .select(users::id)
            .into_boxed();
        if let Some(after) = after {
            people = people.filter(users::id.gt(after));
        }
        // Whose course or group is gone is for nobody: nothing equals null.
        people = match self.target_type {
            AnnouncementTarget::AllTenant => people,
            AnnouncementTarget::CourseEnrolled => people.filter(
                users::id.eq_any(
                    enrollments::table
                        .filter(enrollments::tenant_id.eq(self.tenant_id))
                        .filter(enrollments::course_id.nullable().eq(self.target_course_id))
                        .filter(TakesPartAt(now))
                        .select(enrollments::user_id),
                ),
            ),
            AnnouncementTarget::Group => people.filter(
                users::id.eq_any(
                    group_memberships::table
                        .filter(group_memberships::tenant_id.eq(self.tenant_id))
                        .filter(group_memberships::group_id.nullable().eq(self.target_group_id))
                        .select(group_memberships::user_id),
                ),
            ),
            AnnouncementTarget::SpecificUsers => people.filter(
                users::id.eq_any(
                    announcement_recipients::table
                        .filter(announcement_recipients::tenant_id.eq(self.tenant_id))
                        .filter(announcement_recipients::announcement_id.eq(self.id))
                        .select(announcement_recipients::user_id),
                ),
            ),
        };
        people.load(conn).await
    }

    /// Writes down whom it names, in place of whom it named.
    pub(super) async fn name_people(&self, conn: &mut Conn, target: &Target) -> Result<(), db::Error> {
        diesel::delete(announcement_recipients::table)
            .filter(announcement_recipients::tenant_id.eq(self.tenant_id))
            .filter(announcement_recipients::announcement_id.eq(self.id))
            .execute(conn)
            .await?;
        let Target::People(people) = target else { return Ok(()) };
        let rows: Vec<_> = people
            .iter()
            .map(|person| {
                (
                    announcement_recipients::tenant_id.eq(self.tenant_id),
                    announcement_recipients::announcement_id.eq(self.id),
                    announcement_recipients::user_id.eq(*person),
                )
            })
            .collect();
        diesel::insert_into(announcement_recipients::table).values(rows).on_conflict_do_nothing().execute(conn).await?;
        Ok(())
    }
}

/// Refuses whom the tenant does not have.
pub(super) async fn require_target(
    conn: &mut Conn,
    tenant: TenantId,
    target: &Target,
) -> Result<(), AnnouncementError> {
    match target {
        Target::Tenant => Ok(()),
        Target::Course(id) => {
            let found = courses::table.filter(courses::tenant_id.eq(tenant)).filter(courses::id.eq(*id));
            let found = diesel::select(diesel::dsl::exists(found)).get_result::<bool>(conn).await?;
            if found { Ok(()) } else { Err(AnnouncementError::NoSuchCourse) }
        }
        Target::Group(id) => {
            let groups = learner_groups::table.filter(learner_groups::tenant_id.eq(tenant));
            let found = diesel::select(diesel::dsl::exists(groups.filter(learner_groups::id.eq(*id))));
            if found.get_result::<bool>(conn).await? { Ok(()) } else { Err(AnnouncementError::NoSuchGroup) }
        }
        Target::People(people) => {
            let there: Vec<UserId> = users::table
                .filter(users::tenant_id.eq(tenant))
                .filter(users::id.eq_any(people))
                .filter(users::status.eq(UserStatus::Active))
                .filter(users::is_active)
                .select(users::id)
                .load(conn)
                .await?;
            let missing = people.iter().find(|person| !there.contains(person));
            missing.map_or(Ok(()), |person| Err(AnnouncementError::NoSuchPerson(*person)))
        }
    }
}
