//! Events of a day, counted.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Date, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::db::schema::{daily_rollups, tenants};
use crate::db::{Conn, Error};
use crate::events::jobs::RollUpDay;
use crate::ids::TenantId;
use crate::jobs::enqueue_many;

/// The events of one kind on one day of UTC.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = daily_rollups)]
pub struct DailyRollup {
    pub day: NaiveDate,
    pub event_type: String,
    /// How many events.
    pub events: i64,
    /// By how many people.
    pub people: i64,
    pub updated_at: DateTime<Utc>,
}

impl DailyRollup {
    /// Counts a day of a tenant anew. Counts of the same day take turns, so that the one that
    /// started last, which has seen the most, also writes last.
    pub async fn recount(conn: &mut Conn, tenant: TenantId, day: NaiveDate, now: DateTime<Utc>) -> Result<(), Error> {
        let start = day.and_time(chrono::NaiveTime::MIN).and_utc();
        conn.transaction(async |conn| {
            diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 7203303))")
                .bind::<Text, _>(format!("{tenant} {day}"))
                .execute(conn)
                .await?;
            diesel::sql_query(include_str!("recount.sql"))
                .bind::<SqlUuid, _>(tenant)
                .bind::<Date, _>(day)
                .bind::<Timestamptz, _>(start)
                .bind::<Timestamptz, _>(start + TimeDelta::days(1))
                .bind::<Timestamptz, _>(now)
                .execute(conn)
                .await?;
            Ok(())
        })
        .await
    }

    /// A tenant's counts from one day to another, both included, by day and kind.
    pub async fn between(
        conn: &mut Conn,
        tenant: TenantId,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<Self>, Error> {
        daily_rollups::table
            .filter(daily_rollups::tenant_id.eq(tenant))
            .filter(daily_rollups::day.between(from, to))
            .order((daily_rollups::day, daily_rollups::event_type))
            .select(Self::as_select())
            .load(conn)
            .await
    }

    /// Asks for today and yesterday to be counted in every active tenant. `conn` is the platform's.
    pub async fn request_recent(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, Error> {
        let active: Vec<TenantId> =
            tenants::table.filter(tenants::is_active).order(tenants::id).select(tenants::id).load(conn).await?;
        let today = now.date_naive();
        let days = [Some(today), today.pred_opt()];
        let wanted: Vec<_> = active
            .into_iter()
            .flat_map(|tenant_id| days.into_iter().flatten().map(move |day| RollUpDay { tenant_id, day, since: None }))
            .collect();
        enqueue_many(conn, &wanted).await
    }
}
