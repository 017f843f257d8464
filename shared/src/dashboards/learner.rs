//! What a learner sees first: how far they are, what they did last, and what ends.

use chrono::{DateTime, Utc, Weekday};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Error};
use crate::ids::{TenantId, UserId};
use crate::locale::{midnight, time_zone};
use crate::users::User;

/// A learner in numbers.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct LearnerNumbers {
    #[diesel(sql_type = BigInt)]
    pub active_courses: i64,
    #[diesel(sql_type = BigInt)]
    pub completed_courses: i64,
    /// Issued ones.
    #[diesel(sql_type = BigInt)]
    pub certificates: i64,
    /// The mean of active and completed courses, in percent.
    #[diesel(sql_type = BigInt)]
    pub overall_progress: i64,
    /// The courses' hours, shared out among what they require, of what is finished.
    #[diesel(sql_type = Double)]
    pub study_hours: f64,
    /// Finished items.
    #[diesel(sql_type = BigInt)]
    pub lessons: i64,
    /// As above, since Monday.
    #[diesel(sql_type = Double)]
    pub week_study_hours: f64,
    /// As above, since Monday.
    #[diesel(sql_type = BigInt)]
    pub week_lessons: i64,
}

/// Something that a learner did.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Activity {
    #[diesel(sql_type = Text)]
    pub item: String,
    #[diesel(sql_type = Text)]
    pub course: String,
    /// Finished; else begun.
    #[diesel(sql_type = Bool)]
    pub is_finished: bool,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
}

/// A certificate that a learner has earned.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Achievement {
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Timestamptz)]
    pub earned_at: DateTime<Utc>,
}

/// An enrollment that will end.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct LearnerDeadline {
    #[diesel(sql_type = Text)]
    pub course: String,
    #[diesel(sql_type = Timestamptz)]
    pub due_at: DateTime<Utc>,
}

impl LearnerNumbers {
    /// Counts; the week is the one of the learner's own clock.
    pub async fn of(conn: &mut Conn, tenant: TenantId, learner: &User, now: DateTime<Utc>) -> Result<Self, Error> {
        let zone = time_zone(&learner.timezone);
        let monday = now.with_timezone(&zone).date_naive().week(Weekday::Mon).first_day();
        diesel::sql_query(include_str!("sql/learner_numbers.sql"))
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(learner.id)
            .bind::<Timestamptz, _>(midnight(zone, monday))
            .get_result(conn)
            .await
    }
}

impl Activity {
    /// A learner's latest steps, without those of what is hidden from them by now.
    pub async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        learner: UserId,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<Self>, Error> {
        diesel::sql_query(
            "select i.title as item, c.title as course, p.status = 'COMPLETED' as is_finished, p.updated_at as at
             from enrollments e
             join learner_progress p on p.tenant_id = e.tenant_id and p.enrollment_id = e.id
             join content_items i on i.tenant_id = e.tenant_id and i.id = p.content_item_id and i.is_published
             join courses c on c.tenant_id = e.tenant_id and c.id = e.course_id and c.status <> 'DRAFT'
             where e.tenant_id = $1 and e.user_id = $2 and p.status <> 'NOT_STARTED'
                and (c.status <> 'ARCHIVED' or takes_part(e.status, e.expires_at, $3))
             order by p.updated_at desc, p.id desc limit $4",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(learner)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(most)
        .load(conn)
        .await
    }
}

impl Achievement {
    /// A learner's latest certificates.
    pub async fn of(conn: &mut Conn, tenant: TenantId, learner: UserId, most: i64) -> Result<Vec<Self>, Error> {
        diesel::sql_query(
            "select course_title as title, issued_at as earned_at from certificates
             where tenant_id = $1 and user_id = $2 and status = 'ISSUED' order by issued_at desc, id desc limit $3",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(learner)
        .bind::<BigInt, _>(most)
        .load(conn)
        .await
    }
}

impl LearnerDeadline {
    /// What ends next, without what is hidden from the learner.
    pub async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        learner: UserId,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<Self>, Error> {
        diesel::sql_query(
            "select c.title as course, e.expires_at as due_at
             from enrollments e
             join courses c on c.tenant_id = e.tenant_id and c.id = e.course_id and c.status <> 'DRAFT'
             where e.tenant_id = $1 and e.user_id = $2 and e.status = 'ACTIVE' and e.expires_at > $3
             order by e.expires_at, e.id limit $4",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(learner)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(most)
        .load(conn)
        .await
    }
}
