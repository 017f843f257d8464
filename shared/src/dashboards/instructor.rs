//! What an instructor sees first: their courses in numbers, and who and what needs them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Error};
use crate::ids::{CourseId, TenantId, UserId};

/// A course of an instructor, in numbers.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct CourseStanding {
    #[diesel(sql_type = SqlUuid)]
    pub course_id: CourseId,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub published_at: Option<DateTime<Utc>>,
    /// When it, a module or an item of it was changed last.
    #[diesel(sql_type = Timestamptz)]
    pub changed_at: DateTime<Utc>,
    /// Zero for a free one.
    #[diesel(sql_type = BigInt)]
    pub price_cents: i64,
    #[diesel(sql_type = BigInt)]
    pub enrollments: i64,
    /// Of people who may come in.
    #[diesel(sql_type = BigInt)]
    pub active: i64,
    #[diesel(sql_type = BigInt)]
    pub completed: i64,
    #[diesel(sql_type = BigInt)]
    pub cancelled: i64,
    /// Active and completed ones.
    #[diesel(sql_type = BigInt)]
    pub paying: i64,
    #[diesel(sql_type = BigInt)]
    pub paying_this_month: i64,
    #[diesel(sql_type = BigInt)]
    pub paying_last_month: i64,
    /// When one of those who are active took a step last, or began.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_step_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    pub modules: i64,
    #[diesel(sql_type = BigInt)]
    pub items: i64,
}

impl CourseStanding {
    /// The instructor's courses, by title, a thousand at most.
    pub async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        instructor: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Self>, Error> {
        diesel::sql_query(include_str!("sql/instructor_courses.sql"))
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(instructor)
            .bind::<Timestamptz, _>(now)
            .load(conn)
            .await
    }

    /// Completed of all enrollments, in percent; none where nobody was ever enrolled.
    pub fn completion_rate(&self) -> Option<f64> {
        percent(self.completed, self.enrollments)
    }
}

/// `part` of `whole` in percent, with one decimal; none of nothing.
pub(super) fn percent(part: i64, whole: i64) -> Option<f64> {
    let part = f64::from(u32::try_from(part).ok()?);
    let whole = f64::from(u32::try_from(whole).ok().filter(|whole| *whole > 0)?);
    Some((part / whole * 1000.0).round() / 10.0)
}

/// What is counted over all courses of an instructor.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct InstructorNumbers {
    /// People who may come in and are active in at least one of the courses.
    #[diesel(sql_type = BigInt)]
    pub active_students: i64,
}

impl InstructorNumbers {
    /// Counts people once, however many of the courses they are in.
    pub async fn of(conn: &mut Conn, tenant: TenantId, instructor: UserId) -> Result<Self, Error> {
        diesel::sql_query(
            "select count(distinct e.user_id) as active_students
             from courses c
             join enrollments e on e.tenant_id = c.tenant_id and e.course_id = c.id and e.status = 'ACTIVE'
             join users u on u.tenant_id = e.tenant_id and u.id = e.user_id and u.status = 'ACTIVE' and u.is_active
             where c.tenant_id = $1 and c.instructor_id = $2",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(instructor)
        .get_result(conn)
        .await
    }
}

/// A step of a learner in one of the courses.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Step {
    #[diesel(sql_type = Text)]
    pub first_name: String,
    #[diesel(sql_type = Text)]
    pub last_name: String,
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

impl Step {
    /// The latest steps: of the enrollments in which somebody was at work last, their last ones.
    pub async fn of(conn: &mut Conn, tenant: TenantId, instructor: UserId, most: i64) -> Result<Vec<Self>, Error> {
        diesel::sql_query(
            "with touched as (
                select e.id, e.user_id, c.title
                from courses c
                join enrollments e on e.tenant_id = c.tenant_id and e.course_id = c.id and e.last_step_at is not null
                where c.tenant_id = $1 and c.instructor_id = $2
                order by e.last_step_at desc, e.id limit 10 * $3)
             select u.first_name, u.last_name, i.title as item, t.title as course, p.status = 'COMPLETED' as is_finished, p.updated_at as at
             from touched t
             cross join lateral (
                select * from learner_progress p where p.tenant_id = $1 and p.enrollment_id = t.id and p.status <> 'NOT_STARTED'
                order by p.updated_at desc limit $3) as p
             join content_items i on i.tenant_id = $1 and i.id = p.content_item_id
             join users u on u.tenant_id = $1 and u.id = t.user_id
             order by p.updated_at desc, p.id desc limit $3",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(instructor)
        .bind::<BigInt, _>(most)
        .load(conn)
        .await
    }
}

/// Who has done most in a course during the last seven days.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct TopStudent {
    #[diesel(sql_type = Text)]
    pub first_name: String,
    #[diesel(sql_type = Text)]
    pub last_name: String,
    #[diesel(sql_type = Text)]
    pub course: String,
    /// Finished items.
    #[diesel(sql_type = BigInt)]
    pub items: i64,
    /// The course's hours, shared out among what it requires, of those items.
    #[diesel(sql_type = Double)]
    pub hours: f64,
}

impl TopStudent {
    /// Those who have finished most items since a week ago.
    pub async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        instructor: UserId,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<Self>, Error> {
        diesel::sql_query(include_str!("sql/top_students.sql"))
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(instructor)
            .bind::<Timestamptz, _>(now)
            .bind::<BigInt, _>(most)
            .load(conn)
            .await
    }
}

/// A learner who may be lost.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct AtRisk {
    #[diesel(sql_type = SqlUuid)]
    pub student_id: UserId,
    #[diesel(sql_type = Text)]
    pub first_name: String,
    #[diesel(sql_type = Text)]
    pub last_name: String,
    #[diesel(sql_type = Text)]
    pub email: String,
    #[diesel(sql_type = SqlUuid)]
    pub course_id: CourseId,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub slug: String,
    /// Percent.
    #[diesel(sql_type = SmallInt)]
    pub progress: i16,
    #[diesel(sql_type = Timestamptz)]
    pub last_activity_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub days_idle: i64,
    #[diesel(sql_type = BigInt)]
    pub days_enrolled: i64,
}

impl AtRisk {
    /// Those who have been idle for a week, or have hardly begun after two; the longest idle first.
    pub async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        instructor: UserId,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<Self>, Error> {
        diesel::sql_query(include_str!("sql/at_risk.sql"))
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(instructor)
            .bind::<Timestamptz, _>(now)
            .bind::<BigInt, _>(most)
            .load(conn)
            .await
    }
}

/// An enrollment in one of the courses that will end.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Deadline {
    #[diesel(sql_type = Text)]
    pub first_name: String,
    #[diesel(sql_type = Text)]
    pub last_name: String,
    #[diesel(sql_type = Text)]
    pub course: String,
    #[diesel(sql_type = Timestamptz)]
    pub due_at: DateTime<Utc>,
}

impl Deadline {
    /// What ends next.
    pub async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        instructor: UserId,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<Self>, Error> {
        diesel::sql_query(
            "select u.first_name, u.last_name, c.title as course, e.expires_at as due_at
             from courses c
             join enrollments e on e.tenant_id = c.tenant_id and e.course_id = c.id and e.status = 'ACTIVE' and e.expires_at > $3
             join users u on u.tenant_id = e.tenant_id and u.id = e.user_id and u.status = 'ACTIVE' and u.is_active
             where c.tenant_id = $1 and c.instructor_id = $2
             order by e.expires_at, e.id limit $4",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(instructor)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(most)
        .load(conn)
        .await
    }
}
