//! An announcement: written, scheduled, sent to many in turns, cancelled.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::{FanOutAnnouncement, SendScheduledAnnouncement};
use crate::courses::{TakesPartAt, clean_rich_text};
use crate::db::schema::{
    announcement_recipients, announcements, courses, enrollments, group_memberships, learner_groups, sql_types, users,
};
use crate::db::{self, Conn, sql_enum};
use crate::ids::{AnnouncementId, CourseId, GroupId, TenantId, UserId};
use crate::jobs::{JobOptions, enqueue, enqueue_with};
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

sql_enum! {
    /// How far an announcement is.
    AnnouncementStatus: sql_types::AnnouncementStatus {
        /// Being written.
        Draft = "DRAFT",
        /// Waits for its time.
        Scheduled = "SCHEDULED",
        /// Goes out, thousand by thousand.
        Sending = "SENDING",
        /// Everybody was told.
        Sent = "SENT",
        /// Will not be sent.
        Cancelled = "CANCELLED",
    }
}

/// Words of an administrator or an instructor to many.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = announcements)]
pub struct Announcement {
    pub id: AnnouncementId,
    pub tenant_id: TenantId,
    pub author_id: Option<UserId>,
    pub title: String,
    pub message: String,
    pub target_type: AnnouncementTarget,
    pub target_course_id: Option<CourseId>,
    pub target_group_id: Option<GroupId>,
    pub status: AnnouncementStatus,
    pub scheduled_at: Option<DateTime<Utc>>,
    /// When sending began.
    pub sent_at: Option<DateTime<Utc>>,
    /// How many people were meant, also those who do not want to hear of it.
    pub recipients_count: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
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
    const fn kind(&self) -> AnnouncementTarget {
        match self {
            Self::Tenant => AnnouncementTarget::AllTenant,
            Self::Course(_) => AnnouncementTarget::CourseEnrolled,
            Self::Group(_) => AnnouncementTarget::Group,
            Self::People(_) => AnnouncementTarget::SpecificUsers,
        }
    }

    const fn course(&self) -> Option<CourseId> {
        if let Self::Course(id) = self { Some(*id) } else { None }
    }

    const fn group(&self) -> Option<GroupId> {
        if let Self::Group(id) = self { Some(*id) } else { None }
    }
}

/// An announcement about to be written.
#[derive(Debug, Clone)]
pub struct NewAnnouncement {
    pub tenant: TenantId,
    pub author: Option<UserId>,
    pub title: String,
    pub message: String,
    pub target: Target,
    /// Sent then; a draft when none.
    pub scheduled_at: Option<DateTime<Utc>>,
}

/// What changes of it. What is none stays.
#[derive(Debug, Clone, Default)]
pub struct AnnouncementChanges {
    pub title: Option<String>,
    pub message: Option<String>,
    pub target: Option<Target>,
    /// None inside: it is a draft again.
    pub scheduled_at: Option<Option<DateTime<Utc>>>,
}

/// What can stand in the way of an announcement.
#[derive(Debug, thiserror::Error)]
pub enum AnnouncementError {
    /// It is under way, sent or cancelled.
    #[error("only a draft or a scheduled announcement can be changed, sent or cancelled")]
    TooLate,
    /// It is going out just now.
    #[error("it is being sent: delete it afterwards")]
    UnderWay,
    /// Its time has passed.
    #[error("that time has passed")]
    Past,
    /// The tenant has no such course.
    #[error("no such course")]
    NoSuchCourse,
    /// The tenant has no such group.
    #[error("no such group")]
    NoSuchGroup,
    /// Somebody whom it names is not there, or may not come in.
    #[error("`{0}` is nobody who is active here")]
    NoSuchPerson(UserId),
    /// Nobody would hear of it.
    #[error("there is nobody to tell")]
    Nobody,
    /// The database's.
    #[error(transparent)]
    Database(#[from] db::Error),
}

const EDITABLE: [AnnouncementStatus; 2] = [AnnouncementStatus::Draft, AnnouncementStatus::Scheduled];

impl Announcement {
    /// Writes it down, and has it sent when its time comes.
    pub async fn create(conn: &mut Conn, new: NewAnnouncement, now: DateTime<Utc>) -> Result<Self, AnnouncementError> {
        require_future(new.scheduled_at, now)?;
        conn.transaction(async |conn| {
            require_target(conn, new.tenant, &new.target).await?;
            let row = Self {
                id: AnnouncementId::new(),
                tenant_id: new.tenant,
                author_id: new.author,
                title: new.title,
                message: clean_rich_text(&new.message),
                target_type: new.target.kind(),
                target_course_id: new.target.course(),
                target_group_id: new.target.group(),
                status: status(new.scheduled_at),
                scheduled_at: new.scheduled_at,
                sent_at: None,
                recipients_count: 0,
                created_at: now,
                updated_at: now,
            };
            diesel::insert_into(announcements::table).values(&row).execute(conn).await?;
            row.name_people(conn, &new.target).await?;
            row.ask_to_send_later(conn).await?;
            Ok(row)
        })
        .await
    }

    /// Changes it before it is sent.
    pub async fn update(
        &self,
        conn: &mut Conn,
        changes: AnnouncementChanges,
        now: DateTime<Utc>,
    ) -> Result<Self, AnnouncementError> {
        require_future(changes.scheduled_at.flatten(), now)?;
        conn.transaction(async |conn| {
            if let Some(target) = &changes.target {
                require_target(conn, self.tenant_id, target).await?;
            }
            let changed: Self = diesel::update(self)
                .filter(announcements::tenant_id.eq(self.tenant_id))
                .filter(announcements::status.eq_any(EDITABLE))
                .set((
                    changes.title.map(|title| announcements::title.eq(title)),
                    changes.message.map(|message| announcements::message.eq(clean_rich_text(&message))),
                    changes.target.as_ref().map(|target| {
                        (
                            announcements::target_type.eq(target.kind()),
                            announcements::target_course_id.eq(target.course()),
                            announcements::target_group_id.eq(target.group()),
                        )
                    }),
                    changes
                        .scheduled_at
                        .map(|at| (announcements::scheduled_at.eq(at), announcements::status.eq(status(at)))),
                    announcements::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?
                .ok_or(AnnouncementError::TooLate)?;
            if let Some(target) = &changes.target {
                changed.name_people(conn, target).await?;
            }
            if changes.scheduled_at.is_some() {
                changed.ask_to_send_later(conn).await?;
            }
            Ok(changed)
        })
        .await
    }

    /// Begins to send it. However often it is asked for at once, it is sent once.
    pub async fn send(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, AnnouncementError> {
        conn.transaction(async |conn| {
            let sending: Self = diesel::update(self)
                .filter(announcements::tenant_id.eq(self.tenant_id))
                .filter(announcements::status.eq_any(EDITABLE))
                .set((
                    announcements::status.eq(AnnouncementStatus::Sending),
                    announcements::sent_at.eq(now),
                    announcements::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?
                .ok_or(AnnouncementError::TooLate)?;
            if sending.audience(conn, None, 1, now).await?.is_empty() {
                return Err(AnnouncementError::Nobody);
            }
            let first = FanOutAnnouncement { tenant_id: sending.tenant_id, announcement_id: sending.id, after: None };
            enqueue(conn, &first).await?;
            Ok(sending)
        })
        .await
    }

    /// Gives it up before it is sent.
    pub async fn cancel(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, AnnouncementError> {
        diesel::update(self)
            .filter(announcements::tenant_id.eq(self.tenant_id))
            .filter(announcements::status.eq_any(EDITABLE))
            .set((announcements::status.eq(AnnouncementStatus::Cancelled), announcements::updated_at.eq(now)))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?
            .ok_or(AnnouncementError::TooLate)
    }

    /// Deletes it. Those who were told keep what they were told.
    pub async fn delete(&self, conn: &mut Conn) -> Result<(), AnnouncementError> {
        let deleted = diesel::delete(self)
            .filter(announcements::tenant_id.eq(self.tenant_id))
            .filter(announcements::status.ne(AnnouncementStatus::Sending))
            .execute(conn)
            .await?;
        if deleted == 0 { Err(AnnouncementError::UnderWay) } else { Ok(()) }
    }

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

    /// Notes that so many people more were told, and whether they were the last.
    pub async fn reached(
        &self,
        conn: &mut Conn,
        people: usize,
        is_last: bool,
        now: DateTime<Utc>,
    ) -> Result<(), db::Error> {
        diesel::update(self)
            .filter(announcements::tenant_id.eq(self.tenant_id))
            .set((
                announcements::recipients_count
                    .eq(announcements::recipients_count + i32::try_from(people).unwrap_or(i32::MAX)),
                is_last.then(|| announcements::status.eq(AnnouncementStatus::Sent)),
                announcements::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Writes down whom it names, in place of whom it named.
    async fn name_people(&self, conn: &mut Conn, target: &Target) -> Result<(), db::Error> {
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

    /// The job looks again, so one for a time that was given up does nothing.
    async fn ask_to_send_later(&self, conn: &mut Conn) -> Result<(), db::Error> {
        let Some(scheduled_at) = self.scheduled_at else { return Ok(()) };
        let job = SendScheduledAnnouncement { tenant_id: self.tenant_id, announcement_id: self.id, scheduled_at };
        enqueue_with(conn, &job, JobOptions { run_at: Some(scheduled_at), ..JobOptions::default() }).await?;
        Ok(())
    }
}

const fn status(scheduled_at: Option<DateTime<Utc>>) -> AnnouncementStatus {
    if scheduled_at.is_some() { AnnouncementStatus::Scheduled } else { AnnouncementStatus::Draft }
}

fn require_future(scheduled_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Result<(), AnnouncementError> {
    if scheduled_at.is_some_and(|at| at <= now) { Err(AnnouncementError::Past) } else { Ok(()) }
}

/// Refuses whom the tenant does not have.
async fn require_target(conn: &mut Conn, tenant: TenantId, target: &Target) -> Result<(), AnnouncementError> {
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
