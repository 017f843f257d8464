//! Announcements: what the administrator has told everybody, and is about to; and devices that would
//! show it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Seed;
use super::courses::Outline;
use crate::db::schema::{announcements, push_devices};
use crate::db::{Conn, Error};
use crate::ids::{AnnouncementId, DeviceId};
use crate::notifications::{Announcement, AnnouncementStatus, AnnouncementTarget, DeviceType};

/// Title, message, whether it was sent.
const TO_ALL: [(&str, &str, bool); 3] = [
    ("Welcome to the Platform", "Welcome! Have a look at the catalog and enroll in your first course.", true),
    ("New Courses Available", "There are new courses in the catalog. Have a look.", true),
    ("System Maintenance Notice", "The platform is away on Sunday between two and four o'clock.", false),
];

impl Seed<'_> {
    /// Three to everybody, of which one is a draft, and one to the learners of the first course.
    pub(super) async fn announcements(&self, conn: &mut Conn, outline: &Outline) -> Result<usize, Error> {
        let mut rows: Vec<_> = TO_ALL
            .iter()
            .zip([30, 14, 1])
            .map(|(&(title, message, is_sent), days)| self.announcement(title.to_owned(), message, is_sent, days))
            .collect();
        if let Some(course) = outline.courses.as_slice().first() {
            let title = format!("Important Update for {}", course.title);
            let row = self.announcement(title, "The exercises of the second module were revised.", true, 7);
            rows.push(Announcement {
                target_type: AnnouncementTarget::CourseEnrolled,
                target_course_id: Some(course.id),
                ..row
            });
        }
        diesel::insert_into(announcements::table).values(&rows).execute(conn).await
    }

    /// A telephone of each of the first two learners, and one that the first uses no more.
    pub(super) async fn devices(&self, conn: &mut Conn) -> Result<usize, Error> {
        let learners = self.learners();
        let owned = learners.iter().take(2).map(|(user, name)| (*user, name, DeviceType::Ios, true));
        let retired = learners.iter().take(1).map(|(user, name)| (*user, name, DeviceType::Android, false));
        let rows: Vec<_> = owned
            .chain(retired)
            .map(|(user, name, kind, is_active)| {
                let token = format!("demo:{}:{name}:{}", self.slug, kind.as_str());
                (
                    push_devices::id.eq(DeviceId(self.id(&token))),
                    push_devices::tenant_id.eq(self.tenant),
                    push_devices::user_id.eq(user),
                    push_devices::device_type.eq(kind),
                    push_devices::device_name.eq(format!("{name}'s telephone")),
                    push_devices::token.eq(token),
                    push_devices::is_active.eq(is_active),
                    push_devices::created_at.eq(self.days_ago(30)),
                    push_devices::updated_at.eq(self.days_ago(30)),
                )
            })
            .collect();
        diesel::insert_into(push_devices::table).values(rows).execute(conn).await
    }

    fn announcement(&self, title: String, message: &str, is_sent: bool, days: usize) -> Announcement {
        let at = self.days_ago(days);
        Announcement {
            id: AnnouncementId(self.id(&format!("announcement {title}"))),
            tenant_id: self.tenant,
            author_id: Some(self.administrator()),
            title,
            message: message.to_owned(),
            target_type: AnnouncementTarget::AllTenant,
            target_course_id: None,
            target_group_id: None,
            status: if is_sent { AnnouncementStatus::Sent } else { AnnouncementStatus::Draft },
            scheduled_at: None,
            sent_at: is_sent.then_some(at),
            recipients_count: 0,
            created_at: at,
            updated_at: at,
            cancelled_because: None,
        }
    }
}
