//! Tenants in numbers: counted at once for one, by a job for all.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::jobs::CountTenant;
use crate::db::schema::{tenant_counts, tenants};
use crate::db::{Conn, Error};
use crate::ids::TenantId;
use crate::jobs::enqueue_many;

/// A tenant in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, QueryableByName, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenant_counts)]
pub struct TenantCounts {
    /// Who may come in.
    #[diesel(sql_type = BigInt)]
    pub users: i64,
    /// Of any state.
    #[diesel(sql_type = BigInt)]
    pub courses: i64,
    /// Of any state.
    #[diesel(sql_type = BigInt)]
    pub enrollments: i64,
    /// Since midnight, UTC.
    #[diesel(sql_type = BigInt)]
    pub signed_in_today: i64,
    #[diesel(sql_type = BigInt)]
    pub signed_in_7d: i64,
    #[diesel(sql_type = BigInt)]
    pub signed_in_14d: i64,
    #[diesel(sql_type = BigInt)]
    pub signed_in_30d: i64,
    #[diesel(sql_type = BigInt)]
    pub new_users_7d: i64,
    #[diesel(sql_type = BigInt)]
    pub new_enrollments_7d: i64,
    #[diesel(sql_type = BigInt)]
    pub courses_published_7d: i64,
    #[diesel(sql_type = BigInt)]
    pub courses_completed_7d: i64,
    /// Who has not accepted yet.
    #[diesel(sql_type = BigInt)]
    pub invited: i64,
}

impl TenantCounts {
    /// Counts a tenant, on a connection in it.
    pub async fn count(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<Self, Error> {
        diesel::sql_query(include_str!("sql/count_tenant.sql"))
            .bind::<SqlUuid, _>(tenant)
            .bind::<Timestamptz, _>(now)
            .get_result(conn)
            .await
    }

    /// Keeps a tenant's counts for the platform's dashboard.
    pub async fn keep(self, conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<(), Error> {
        use tenant_counts as t;
        diesel::insert_into(t::table)
            .values((self, t::tenant_id.eq(tenant), t::counted_at.eq(now)))
            .on_conflict(t::tenant_id)
            .do_update()
            .set((
                t::users.eq(excluded(t::users)),
                t::courses.eq(excluded(t::courses)),
                t::enrollments.eq(excluded(t::enrollments)),
                t::signed_in_today.eq(excluded(t::signed_in_today)),
                t::signed_in_7d.eq(excluded(t::signed_in_7d)),
                t::signed_in_14d.eq(excluded(t::signed_in_14d)),
                t::signed_in_30d.eq(excluded(t::signed_in_30d)),
                t::new_users_7d.eq(excluded(t::new_users_7d)),
                t::new_enrollments_7d.eq(excluded(t::new_enrollments_7d)),
                t::courses_published_7d.eq(excluded(t::courses_published_7d)),
                t::courses_completed_7d.eq(excluded(t::courses_completed_7d)),
                t::invited.eq(excluded(t::invited)),
                t::counted_at.eq(excluded(t::counted_at)),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Has every active tenant counted anew. `conn` is the platform's.
    pub async fn request_all(conn: &mut Conn) -> Result<usize, Error> {
        let active: Vec<TenantId> =
            tenants::table.filter(tenants::is_active).order(tenants::id).select(tenants::id).load(conn).await?;
        let wanted: Vec<_> = active.into_iter().map(|tenant_id| CountTenant { tenant_id }).collect();
        enqueue_many(conn, &wanted).await
    }
}

impl std::ops::Add for TenantCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            users: self.users + other.users,
            courses: self.courses + other.courses,
            enrollments: self.enrollments + other.enrollments,
            signed_in_today: self.signed_in_today + other.signed_in_today,
            signed_in_7d: self.signed_in_7d + other.signed_in_7d,
            signed_in_14d: self.signed_in_14d + other.signed_in_14d,
            signed_in_30d: self.signed_in_30d + other.signed_in_30d,
            new_users_7d: self.new_users_7d + other.new_users_7d,
            new_enrollments_7d: self.new_enrollments_7d + other.new_enrollments_7d,
            courses_published_7d: self.courses_published_7d + other.courses_published_7d,
            courses_completed_7d: self.courses_completed_7d + other.courses_completed_7d,
            invited: self.invited + other.invited,
        }
    }
}

/// A tenant, as the platform's dashboard looks at it.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct PlatformTenant {
    pub id: TenantId,
    pub name: String,
    pub slug: String,
    pub is_active: bool,
    pub created_at: DateTime<Utc>,
    /// None before it was counted for the first time.
    pub counts: Option<TenantCounts>,
}

impl PlatformTenant {
    /// All tenants, with their counts, in one query. `conn` is the platform's.
    pub async fn all(conn: &mut Conn) -> Result<Vec<Self>, Error> {
        tenants::table
            .left_join(tenant_counts::table)
            .order(tenants::name)
            .select((
                tenants::id,
                tenants::name,
                tenants::slug,
                tenants::is_active,
                tenants::created_at,
                Option::<TenantCounts>::as_select(),
            ))
            .load(conn)
            .await
    }
}
