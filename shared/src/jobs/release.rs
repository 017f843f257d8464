//! Releases that run side by side, for as long as a deploy lasts.
//!
//! What one of them does not know may be another's. A job of a kind that any release has announced is
//! left for the workers that know it, and what a release declares (schedules, limits) is taken away
//! only when no worker has declared it for a while.

use diesel::prelude::*;
use diesel::sql_types::{Array, SmallInt, Text};
use diesel_async::RunQueryDsl;

use crate::db::schema::job_kinds;
use crate::db::{Conn, Error};

/// Minutes after which what nobody declares any more is taken away. Workers declare it each minute.
pub(super) const FORGOTTEN: i32 = 10;

/// Writes down which kinds of job there are, each with its newest payload, for workers that do not
/// know them. A release does so before it makes jobs of them. `conn` is in the relay's scope.
///
/// # Errors
/// The database's.
pub async fn announce(conn: &mut Conn, kinds: &[(&str, i16)]) -> Result<(), Error> {
    let (names, versions): (Vec<&str>, Vec<i16>) = kinds.iter().copied().unzip();
    diesel::sql_query(
        "insert into job_kinds (kind, version)
         select kind, version from unnest($1, $2) as known (kind, version) order by kind
         on conflict (kind) do update set version = excluded.version, announced_at = now()
         where job_kinds.version < excluded.version",
    )
    .bind::<Array<Text>, _>(names)
    .bind::<Array<SmallInt>, _>(versions)
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether some release reads payloads of `kind` in `version`.
///
/// # Errors
/// The database's.
pub async fn is_announced(conn: &mut Conn, kind: &str, version: i16) -> Result<bool, Error> {
    let known = job_kinds::table.find(kind).filter(job_kinds::version.ge(version));
    diesel::select(diesel::dsl::exists(known)).get_result(conn).await
}
