//! An announcement: written, scheduled, sent to many in turns, cancelled.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::audience::{AnnouncementTarget, Target, require_target};
use super::jobs::{FanOutAnnouncement, SendScheduledAnnouncement};
use crate::courses::clean_rich_text;
use crate::db::schema::{announcements, sql_types};
use crate::db::{self, Conn, sql_enum};
use crate::ids::{AnnouncementId, CourseId, GroupId, TenantId, UserId};
use crate::jobs::{JobOptions, enqueue, enqueue_with};

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

sql_enum! {
    /// What stood in an announcement's way when its time came.
    AnnouncementObstacle: sql_types::AnnouncementObstacle {
        /// It was for nobody.
        NobodyToTell = "NOBODY_TO_TELL",
        /// Its author is gone, or may announce that to those no more.
        AuthorMayNot = "AUTHOR_MAY_NOT",
    }
}

/// Words of an administrator or an instructor to many.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = announcements, treat_none_as_default_value = false)]
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
    /// Why it was cancelled, if nobody gave it up.
    pub cancelled_because: Option<AnnouncementObstacle>,
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
                cancelled_because: None,
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

    /// Begins to send it, its time having come; or gives it up, when its author may not send it any
    /// more or it is for nobody, and says why.
    pub async fn send_on_time(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, AnnouncementError> {
        if !self.author_may_send(conn, now).await? {
            return self.give_up(conn, Some(AnnouncementObstacle::AuthorMayNot), now).await;
        }
        match self.send(conn, now).await {
            Err(AnnouncementError::Nobody) => self.give_up(conn, Some(AnnouncementObstacle::NobodyToTell), now).await,
            other => other,
        }
    }

    /// Gives it up before it is sent.
    pub async fn cancel(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Self, AnnouncementError> {
        self.give_up(conn, None, now).await
    }

    async fn give_up(
        &self,
        conn: &mut Conn,
        obstacle: Option<AnnouncementObstacle>,
        now: DateTime<Utc>,
    ) -> Result<Self, AnnouncementError> {
        diesel::update(self)
            .filter(announcements::tenant_id.eq(self.tenant_id))
            .filter(announcements::status.eq_any(EDITABLE))
            .set((
                announcements::status.eq(AnnouncementStatus::Cancelled),
                announcements::cancelled_because.eq(obstacle),
                announcements::updated_at.eq(now),
            ))
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
