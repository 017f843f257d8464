//! How far a job has come that asks for many others.
//!
//! The cursor is written in the transaction that asks for a chunk of them, and only while the claim
//! holds: a crash between two chunks loses none and doubles none, and the next attempt goes on.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::ledger::Claim;
use crate::db::schema::job_cursors;
use crate::db::{Conn, Error, prepared};
use crate::ids::JobId;

/// Where a job goes on.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = job_cursors)]
pub struct Cursor {
    /// What came last; none when there is no more.
    pub cursor: Option<Value>,
    /// How many jobs it has asked for.
    pub children: i64,
}

/// Where `job` goes on; none at its beginning. `conn` is in the job's scope.
///
/// # Errors
/// The database's.
pub async fn find(conn: &mut Conn, job: JobId) -> Result<Option<Cursor>, Error> {
    job_cursors::table.find(job).select(Cursor::as_select()).first(conn).await.optional()
}

/// Moves on by so many `children`, if the claim still holds. `false` means fenced: what the caller
/// has done in the same transaction must be rolled back.
///
/// # Errors
/// The database's.
pub async fn advance(conn: &mut Conn, claim: &Claim, cursor: Option<&Value>, children: usize) -> Result<bool, Error> {
    let advance = diesel::sql_query(include_str!("sql/advance.sql"))
        .bind::<SqlUuid, _>(claim.id)
        .bind::<BigInt, _>(claim.token)
        .bind::<Nullable<Jsonb>, _>(cursor)
        .bind::<BigInt, _>(i64::try_from(children).unwrap_or(i64::MAX));
    Ok(prepared(advance).execute(conn).await? == 1)
}
