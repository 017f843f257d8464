//! What an administrator sees first.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::db::{Conn, Error};
use crate::ids::TenantId;

/// How many people came in a month.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Growth {
    /// Its first day.
    #[diesel(sql_type = Date)]
    pub month: NaiveDate,
    #[diesel(sql_type = BigInt)]
    pub users: i64,
}

impl Growth {
    /// This month and the five before it, oldest first: of one tenant, or of all that `conn` sees.
    pub async fn recent(conn: &mut Conn, tenant: Option<TenantId>, now: DateTime<Utc>) -> Result<Vec<Self>, Error> {
        diesel::sql_query(
            "select m.month::date as month, count(u.id) as users
             from generate_series(date_trunc('month', $2 at time zone 'UTC') - interval '5 months',
                date_trunc('month', $2 at time zone 'UTC'), interval '1 month') as m (month)
             left join users u on u.created_at >= m.month at time zone 'UTC' and u.created_at < (m.month + interval '1 month') at time zone 'UTC'
                and u.status <> 'DELETED' and (u.tenant_id = $1 or $1 is null)
             group by m.month order by m.month",
        )
        .bind::<Nullable<SqlUuid>, _>(tenant)
        .bind::<Timestamptz, _>(now)
        .load(conn)
        .await
    }
}

/// How many jobs have died within a day and were not replayed, a thousand at most: of one tenant, or of
/// all that `conn` sees. By the database's clock, as everything about jobs.
pub async fn died_lately(conn: &mut Conn, tenant: Option<TenantId>) -> Result<i64, Error> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        jobs: i64,
    }
    let found: Count = diesel::sql_query(
        "select count(*) as jobs from (
            select from jobs
            where state = 'dead' and finished_at > now() - interval '1 day' and (tenant_id = $1 or $1 is null)
            limit 1000) as dead",
    )
    .bind::<Nullable<SqlUuid>, _>(tenant)
    .get_result(conn)
    .await?;
    Ok(found.jobs)
}
