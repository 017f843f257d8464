//! Who may announce what to whom, at the moment when it is sent: what was allowed when it was written
//! need not be any more.

use chrono::{DateTime, Utc};

use super::{Announcement, AnnouncementTarget};
use crate::courses::CourseKey;
use crate::db::{Conn, Error};
use crate::discussions::Reader;
use crate::users::{User, UserRole};

impl Announcement {
    /// Whether its author may send it now. What the platform has written has no author here.
    pub(super) async fn author_may_send(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
        let Some(author) = self.author_id else { return Ok(true) };
        let author = User::find(conn, self.tenant_id, author).await?.filter(User::may_enter);
        let Some(author) = author else { return Ok(false) };
        self.may_be_sent_by(conn, Reader { user: author.id, role: author.role, at: now }).await
    }

    /// Whether somebody may send it: administrators to everybody, instructors to those who take part in
    /// the courses that they teach.
    pub async fn may_be_sent_by(&self, conn: &mut Conn, who: Reader) -> Result<bool, Error> {
        match (who.role, self.target_type, self.target_course_id) {
            (UserRole::Admin, ..) => Ok(true),
            (UserRole::Instructor, AnnouncementTarget::CourseEnrolled, Some(course)) => {
                let standing = who.standing(conn, self.tenant_id, CourseKey::Id(course)).await?;
                Ok(standing.is_some_and(|standing| standing.runs))
            }
            (UserRole::Instructor | UserRole::Learner, ..) => Ok(false),
        }
    }
}
