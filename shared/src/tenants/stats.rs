//! A tenant in numbers.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::{courses, enrollments, users};
use crate::db::{Conn, Error};
use crate::ids::TenantId;

/// A tenant in numbers. The deleted are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantStats {
    pub users: i64,
    pub courses: i64,
    pub enrollments: i64,
    /// People who signed in during the last thirty days.
    pub active_users_30d: i64,
}

impl TenantStats {
    /// Counts; on a connection in that tenant.
    pub async fn count(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<Self, Error> {
        let since = now - TimeDelta::days(30);
        // By its name: the type that says what a person's states are belongs to a later domain.
        let is_there = diesel::dsl::sql::<diesel::sql_types::Bool>("users.status <> 'DELETED'");
        let people = users::table.filter(users::tenant_id.eq(tenant)).filter(is_there);
        let (all, active) = people
            .select((
                count_star(),
                diesel::dsl::count(users::id).aggregate_filter(users::last_login_at.assume_not_null().gt(since)),
            ))
            .first(conn)
            .await?;
        let courses = courses::table.filter(courses::tenant_id.eq(tenant)).count().get_result(conn).await?;
        let enrollments = enrollments::table.filter(enrollments::tenant_id.eq(tenant)).count().get_result(conn).await?;
        Ok(Self { users: all, courses, enrollments, active_users_30d: active })
    }
}
