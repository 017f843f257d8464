//! Whom somebody may announce something to.

use shared::db::Conn;
use shared::discussions::Reader;
use shared::ids::{GroupId, UserId};
use shared::notifications::{Announcement, AnnouncementError, AnnouncementTarget, Target};
use shared::users::UserRole;

use super::WriteAnnouncements;
use crate::access::Can;
use crate::courses::{capitalised, course_key};
use crate::http::{ApiError, ApiResult, CourseRef};

/// What a body names.
pub(super) struct Named {
    pub(super) course: Option<CourseRef>,
    pub(super) group: Option<GroupId>,
    pub(super) people: Option<Vec<UserId>>,
}

impl Named {
    /// Nobody in particular.
    pub(super) fn is_nothing(&self) -> bool {
        self.course.is_none() && self.group.is_none() && self.people.is_none()
    }
}

/// Whom the caller means, if they may: administrators everybody, instructors those who take part in
/// the courses that they teach.
pub(super) async fn read(
    conn: &mut Conn,
    caller: &Can<WriteAnnouncements>,
    kind: AnnouncementTarget,
    named: Named,
) -> ApiResult<Target> {
    if caller.role != UserRole::Admin && kind != AnnouncementTarget::CourseEnrolled {
        return Err(ApiError::Forbidden("Instructors announce to those who take part in their courses.".into()));
    }
    let missing = |field| ApiError::field(field, "Say whom it is for.");
    match kind {
        AnnouncementTarget::AllTenant => Ok(Target::Tenant),
        AnnouncementTarget::CourseEnrolled => {
            let course = named.course.ok_or_else(|| missing("target_course"))?;
            let reader = Reader { user: caller.user, role: caller.role, at: caller.at };
            let standing = reader.standing(conn, caller.tenant(), course_key(&course)).await?;
            let standing = standing.filter(|standing| standing.runs);
            let standing = standing.ok_or_else(|| ApiError::field("target_course", "No such course of yours."))?;
            Ok(Target::Course(standing.course))
        }
        AnnouncementTarget::Group => Ok(Target::Group(named.group.ok_or_else(|| missing("target_group"))?)),
        AnnouncementTarget::SpecificUsers => {
            let people = named.people.filter(|people| !people.is_empty());
            Ok(Target::People(people.ok_or_else(|| missing("target_user_ids"))?))
        }
    }
}

/// Refuses to send what the caller wrote and may not say to those any more: another teaches the course
/// by now.
pub(super) async fn require_still(
    conn: &mut Conn,
    caller: &Can<WriteAnnouncements>,
    announcement: &Announcement,
) -> ApiResult<()> {
    let reader = Reader { user: caller.user, role: caller.role, at: caller.at };
    if announcement.may_be_sent_by(conn, reader).await? {
        return Ok(());
    }
    Err(ApiError::Forbidden("You announce to those who take part in your courses; this is none of them.".into()))
}

impl From<AnnouncementError> for ApiError {
    fn from(error: AnnouncementError) -> Self {
        let message = capitalised(&error);
        match error {
            AnnouncementError::TooLate => Self::Conflict { code: "announcement_closed", message },
            AnnouncementError::UnderWay => Self::Conflict { code: "announcement_under_way", message },
            AnnouncementError::Nobody => Self::Conflict { code: "nobody_to_tell", message },
            AnnouncementError::Past => Self::field("scheduled_at", message),
            AnnouncementError::NoSuchCourse => Self::field("target_course", message),
            AnnouncementError::NoSuchGroup => Self::field("target_group", message),
            AnnouncementError::NoSuchPerson(_) => Self::field("target_user_ids", message),
            AnnouncementError::Database(error) => error.into(),
        }
    }
}
