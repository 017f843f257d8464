//! The past: who enrolled, how far they came, what they earned and were told.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::Seed;
use super::courses::{Outline, OutlinedCourse};
use super::together::{came_together, course_of};
use crate::certificates::jobs::RenderCertificate;
use crate::certificates::{CertificateRule, CertificateStatus};
use crate::db::schema::{certificates, enrollments, events, learner_progress, notification_deliveries, notifications};
use crate::db::{Conn, Error};
use crate::enrollments::{EnrollmentCause, EnrollmentStatus, ProgressStatus};
use crate::events::EventKind;
use crate::ids::{
    CertificateId, ContentItemId, CourseId, DeliveryId, EnrollmentId, EventId, GroupId, NotificationId, ProgressId,
    UserId,
};
use crate::jobs;
use crate::notifications::{DeliveryChannel, DeliveryStatus, NotificationType};

/// The course whose certificates do not count for ever, and for how many days they do.
const RENEWED: (&str, i32) = ("project-management-professional", 730);

/// Every learner is in this many courses.
pub(super) const COURSES_EACH: usize = 3;

/// How many rows the past has.
#[derive(Default)]
pub(super) struct Past {
    pub(super) enrollments: usize,
    /// Of their status, as a trigger remembers them.
    pub(super) changes: usize,
    pub(super) certificates: usize,
    pub(super) notifications: usize,
    pub(super) events: usize,
}

/// A learner in a course.
struct Place<'a> {
    id: EnrollmentId,
    user: UserId,
    name: &'a str,
    course: &'a OutlinedCourse,
    instructor: String,
    /// Items done, from the first.
    done: usize,
    enrolled_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
    /// With which they came.
    group: Option<GroupId>,
}

impl Place<'_> {
    /// When the last of what is done was done.
    fn last_step_at(&self) -> DateTime<Utc> {
        self.completed_at.unwrap_or(self.enrolled_at)
    }
}

impl Seed<'_> {
    /// 36 enrollments: each learner has finished one course, is in the middle of another and has
    /// just begun a third. Twelve certificates and notifications follow from the finished ones.
    pub(super) async fn learning(&self, conn: &mut Conn, outline: &Outline) -> Result<Past, Error> {
        let learners = self.learners();
        let mut past = Past::default();
        self.certificate_rule(conn, outline).await?;
        for (position, (user, name)) in learners.iter().enumerate() {
            for turn in 0..COURSES_EACH {
                let index = course_of(position, turn, outline.courses.len());
                let Some(course) = outline.courses.get(index) else { continue };
                let place = self.place(*user, name, course, index, position, turn);
                self.enroll(conn, &place).await?;
                past.enrollments += 1;
                past.changes += 1 + usize::from(place.completed_at.is_some());
                past.events += self.progress(conn, &place).await?;
                if let Some(completed_at) = place.completed_at {
                    self.certificate(conn, &place, completed_at).await?;
                    past.certificates += 1;
                    past.notifications += 1;
                }
            }
        }
        Ok(past)
    }

    fn place<'a>(
        &self,
        user: UserId,
        name: &'a str,
        course: &'a OutlinedCourse,
        index: usize,
        position: usize,
        turn: usize,
    ) -> Place<'a> {
        let all = course.items.len();
        let done = match turn {
            0 => all,
            1 => all / 2 + position % 4,
            _ => position % 3,
        };
        Place {
            id: EnrollmentId(self.id(&format!("enrollment {name} {}", course.slug))),
            user,
            name,
            course,
            instructor: Self::instructor_name(index),
            done,
            enrolled_at: self.days_ago(60 - turn * 15 - position % 10),
            completed_at: (turn == 0).then(|| self.days_ago(20 + position % 10)),
            group: self.group_of(position).filter(|_| came_together(position, turn, index)),
        }
    }

    async fn enroll(&self, conn: &mut Conn, place: &Place<'_>) -> Result<(), Error> {
        let percent = (place.done * 200 + place.course.items.len()) / (place.course.items.len() * 2).max(1);
        diesel::insert_into(enrollments::table)
            .values((
                enrollments::id.eq(place.id),
                enrollments::tenant_id.eq(self.tenant),
                enrollments::user_id.eq(place.user),
                enrollments::course_id.eq(place.course.id),
                enrollments::status.eq(EnrollmentStatus::Active),
                enrollments::cause.eq(if place.group.is_some() {
                    EnrollmentCause::Group
                } else {
                    EnrollmentCause::Itself
                }),
                enrollments::group_id.eq(place.group),
                enrollments::progress.eq(i16::try_from(percent).unwrap_or(100)),
                enrollments::enrolled_at.eq(place.enrolled_at),
                enrollments::started_at.eq(place.enrolled_at),
                enrollments::updated_at.eq(place.enrolled_at),
                enrollments::last_step_at.eq((place.done > 0).then_some(place.last_step_at())),
            ))
            .execute(conn)
            .await?;
        let Some(completed_at) = place.completed_at else { return Ok(()) };
        // A step of its own, so that the history has both.
        diesel::update(enrollments::table.find(place.id))
            .set((
                enrollments::status.eq(EnrollmentStatus::Completed),
                enrollments::cause.eq(EnrollmentCause::Completion),
                enrollments::completed_at.eq(completed_at),
                enrollments::updated_at.eq(completed_at),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// The items that were done, and the events of the way. Returns how many events.
    async fn progress(&self, conn: &mut Conn, place: &Place<'_>) -> Result<usize, Error> {
        let mut told = vec![self.event(place, EventKind::CourseEnrolled, None, place.enrolled_at)];
        let done: Vec<ContentItemId> = place.course.items.iter().copied().take(place.done).collect();
        for chunk in done.chunks(50) {
            let rows: Vec<_> = chunk
                .iter()
                .map(|item| {
                    (
                        learner_progress::id.eq(ProgressId(self.id(&format!("progress {} {item}", place.id)))),
                        learner_progress::tenant_id.eq(self.tenant),
                        learner_progress::course_id.eq(place.course.id),
                        learner_progress::enrollment_id.eq(place.id),
                        learner_progress::content_item_id.eq(*item),
                        learner_progress::status.eq(ProgressStatus::Completed),
                        learner_progress::progress_details.eq(place.course.told_by_player(*item)),
                        learner_progress::started_at.eq(place.enrolled_at),
                        learner_progress::completed_at.eq(place.last_step_at()),
                        learner_progress::updated_at.eq(place.last_step_at()),
                    )
                })
                .collect();
            diesel::insert_into(learner_progress::table).values(rows).execute(conn).await?;
        }
        // One event for each module's worth of items keeps the ledger of the demo readable.
        for item in done.iter().step_by(4) {
            told.push(self.event(place, EventKind::ContentCompleted, Some(*item), place.enrolled_at));
        }
        if let Some(at) = place.completed_at {
            told.push(self.event(place, EventKind::CourseCompleted, None, at));
            told.push(self.event(place, EventKind::CertificateIssued, None, at));
        }
        let rows: Vec<_> = told
            .iter()
            .map(|event| {
                (
                    events::id.eq(event.id),
                    events::tenant_id.eq(self.tenant),
                    events::user_id.eq(place.user),
                    events::event_type.eq(event.kind.as_str()),
                    events::course_id.eq(event.course),
                    events::context.eq(json!({"content_item": event.item})),
                    events::occurred_at.eq(event.at),
                )
            })
            .collect();
        diesel::insert_into(events::table).values(rows).execute(conn).await
    }

    fn event(&self, place: &Place<'_>, kind: EventKind, item: Option<ContentItemId>, at: DateTime<Utc>) -> Told {
        let name = format!("event {} {} {item:?}", place.id, kind.as_str());
        Told { id: EventId(self.id(&name)), kind, course: place.course.id, item, at }
    }

    /// How long the certificates of one course count.
    async fn certificate_rule(&self, conn: &mut Conn, outline: &Outline) -> Result<(), Error> {
        let (slug, days) = RENEWED;
        let Some(course) = outline.courses.iter().find(|course| course.slug == slug) else { return Ok(()) };
        CertificateRule::set(conn, self.tenant, course.id, Some(days), self.days_ago(90)).await?;
        Ok(())
    }

    /// The certificate, whose page the worker draws once it runs, and the notification of it.
    async fn certificate(&self, conn: &mut Conn, place: &Place<'_>, at: DateTime<Utc>) -> Result<(), Error> {
        let id = CertificateId(self.id(&format!("certificate {}", place.id)));
        let code = self.id(&format!("code {}", place.id));
        let expires_at = (place.course.slug == RENEWED.0).then(|| at + TimeDelta::days(RENEWED.1.into()));
        diesel::insert_into(certificates::table)
            .values((
                certificates::id.eq(id),
                certificates::tenant_id.eq(self.tenant),
                certificates::enrollment_id.eq(place.id),
                certificates::user_id.eq(place.user),
                certificates::course_id.eq(place.course.id),
                certificates::status.eq(CertificateStatus::Pending),
                certificates::learner_name.eq(place.name),
                certificates::course_title.eq(place.course.title),
                certificates::instructor_name.eq(&place.instructor),
                certificates::description.eq(format!("Completed {}", place.course.title)),
                certificates::verification_code.eq(code),
                certificates::issued_at.eq(at),
                certificates::expires_at.eq(expires_at),
                certificates::updated_at.eq(at),
            ))
            .execute(conn)
            .await?;
        jobs::enqueue(conn, &RenderCertificate { tenant_id: self.tenant, certificate_id: id }).await?;
        let notification = NotificationId(self.id(&format!("notification {}", place.id)));
        diesel::insert_into(notifications::table)
            .values((
                notifications::id.eq(notification),
                notifications::tenant_id.eq(self.tenant),
                notifications::recipient_id.eq(place.user),
                notifications::notification_type.eq(NotificationType::CertificateIssued),
                notifications::subject.eq(format!("Your certificate for {}", place.course.title)),
                notifications::message.eq(format!("Your certificate for {} is ready to download.", place.course.title)),
                notifications::action_url.eq(format!("/verify/{code}")),
                // The name that the worker gives it: it finds that the learner was told.
                notifications::dedupe_key.eq(format!("certificate_issued:{id}")),
                notifications::created_at.eq(at),
            ))
            .execute(conn)
            .await?;
        diesel::insert_into(notification_deliveries::table)
            .values((
                notification_deliveries::id.eq(DeliveryId(self.id(&format!("delivery {}", place.id)))),
                notification_deliveries::tenant_id.eq(self.tenant),
                notification_deliveries::notification_id.eq(notification),
                notification_deliveries::channel.eq(DeliveryChannel::InApp),
                notification_deliveries::status.eq(DeliveryStatus::Sent),
                notification_deliveries::sent_at.eq(at),
                notification_deliveries::updated_at.eq(at),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// An event of the past.
struct Told {
    id: EventId,
    kind: EventKind,
    course: CourseId,
    item: Option<ContentItemId>,
    at: DateTime<Utc>,
}
