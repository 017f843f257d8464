//! Courses that a learner might take next, by rules.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Error};
use crate::ids::{CourseId, TenantId, UserId};

/// A course that a learner might take next.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Recommendation {
    #[diesel(sql_type = SqlUuid)]
    pub id: CourseId,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub slug: String,
    #[diesel(sql_type = Text)]
    pub description: String,
    #[diesel(sql_type = Text)]
    pub category: String,
    #[diesel(sql_type = Text)]
    pub difficulty_level: String,
    /// Active and completed ones.
    #[diesel(sql_type = BigInt)]
    pub enrollments: i64,
    /// Of a category that the learner has chosen before.
    #[diesel(sql_type = Bool)]
    pub is_familiar: bool,
    /// Comes after a course that the learner has completed.
    #[diesel(sql_type = Bool)]
    pub is_next: bool,
    /// 0 to 1.
    #[diesel(sql_type = Double)]
    pub score: f64,
}

/// What a learner might take next: published courses of the tenant whose required prerequisites the
/// learner has completed, the best first.
pub async fn recommend(
    conn: &mut Conn,
    tenant: TenantId,
    learner: UserId,
    exclude_enrolled: bool,
    most: i64,
) -> Result<Vec<Recommendation>, Error> {
    diesel::sql_query(include_str!("sql/recommendations.sql"))
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(learner)
        .bind::<Bool, _>(exclude_enrolled)
        .bind::<BigInt, _>(most)
        .load(conn)
        .await
}
