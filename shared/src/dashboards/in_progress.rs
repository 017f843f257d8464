//! The courses that a learner is in, and what is next in each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::courses::{Access, CourseStatus, ItemGate, ModuleGate, Standing, Window};
use crate::db::schema::sql_types;
use crate::db::{Conn, Error};
use crate::ids::{ContentItemId, CourseId, EnrollmentId, ModuleId, TenantId, UserId};

/// A course that a learner is in.
#[derive(Debug, Clone, PartialEq)]
pub struct CourseInProgress {
    pub place: Place,
    /// The first item that is open and not finished.
    pub next: Option<NextItem>,
}

/// Where a learner is in a course.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Place {
    #[diesel(sql_type = SqlUuid)]
    pub course_id: CourseId,
    #[diesel(sql_type = sql_types::CourseStatus)]
    pub course_status: CourseStatus,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub thumbnail: Option<String>,
    #[diesel(embed)]
    pub standing: Standing,
    /// When they last took a step, else when they began.
    #[diesel(sql_type = Timestamptz)]
    pub last_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    pub required: i64,
    #[diesel(sql_type = BigInt)]
    pub done: i64,
}

/// An item that may be next in a course.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct NextItem {
    #[diesel(sql_type = SqlUuid)]
    course_id: CourseId,
    #[diesel(sql_type = SqlUuid)]
    module_id: ModuleId,
    #[diesel(sql_type = Text)]
    pub module_title: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    module_release_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    module_release_after_days: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    module_available_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = SqlUuid)]
    pub id: ContentItemId,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub content_type: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    release_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    release_after_days: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    available_until: Option<DateTime<Utc>>,
}

impl CourseInProgress {
    /// The courses that a learner is in, the one last worked on first: three queries, however many.
    pub async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        learner: UserId,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<Self>, Error> {
        let places: Vec<Place> = diesel::sql_query(include_str!("sql/courses_in_progress.sql"))
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(learner)
            .bind::<BigInt, _>(most)
            .bind::<Timestamptz, _>(now)
            .load(conn)
            .await?;
        let courses: Vec<_> =
            places.iter().map(|place| (place.course_id, place.course_status, place.standing)).collect();
        let access = Access::load_all(conn, tenant, learner, &courses, now).await?;
        let enrollments: Vec<_> = places.iter().map(|place| place.standing.id).collect();
        let mut next = HashMap::new();
        for item in NextItem::candidates(conn, tenant, &enrollments).await? {
            if access.get(&item.course_id).is_some_and(|access| item.is_open(access)) {
                next.entry(item.course_id).or_insert(item);
            }
        }
        Ok(places.into_iter().map(|place| Self { next: next.remove(&place.course_id), place }).collect())
    }
}

impl NextItem {
    /// What may be next in these enrollments, in the order of each course.
    async fn candidates(conn: &mut Conn, tenant: TenantId, enrollments: &[EnrollmentId]) -> Result<Vec<Self>, Error> {
        diesel::sql_query(include_str!("sql/may_be_next.sql"))
            .bind::<SqlUuid, _>(tenant)
            .bind::<Array<SqlUuid>, _>(enrollments)
            .load(conn)
            .await
    }

    /// Whether the learner would be let in.
    fn is_open(&self, access: &Access) -> bool {
        let module = Window {
            release_at: self.module_release_at,
            release_after_days: self.module_release_after_days,
            available_until: self.module_available_until,
        };
        let window = Window {
            release_at: self.release_at,
            release_after_days: self.release_after_days,
            available_until: self.available_until,
        };
        let module = ModuleGate { id: self.module_id, window: module };
        access.item(module, ItemGate { is_published: true, window }).is_allowed()
    }
}
