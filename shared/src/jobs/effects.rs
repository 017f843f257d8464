//! Effects outside the database: a mail, a call, a file.
//!
//! An effect has a key that never changes. Before it happens the claim is checked and an intent is
//! written; afterwards the intent is completed. A later attempt finds a completed effect and does
//! not repeat it. Between the two a crash leaves an intent without an answer, and the caller says
//! whether that may be repeated (a mail) or must be looked at by a person (money).

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::time::Duration;

use super::ledger::Claim;
use super::mutant::{Mutant, is_on};
use crate::db::schema::job_effects;
use crate::db::{Conn, Error, prepared};
use crate::ids::{JobId, TenantId};

/// What the ledger says before an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permit {
    /// The claim is lost: another worker may be doing it now.
    Lost,
    /// Somebody has cancelled the job: it must not happen any more.
    Cancelled,
    /// It has happened; here is what it left behind.
    Done(Option<String>),
    /// Never tried before.
    First,
    /// Tried before, with unknown end.
    Repeat,
}

/// How often an effect may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It may be repeated: the other side recognises it, or does not mind.
    AtLeastOnce,
    /// It must not: its intent is on disk before it happens.
    AtMostOnce,
}

/// Asks whether the effect `key` may happen now, and writes down the intent. Renews the lease, so
/// that a whole lease lies ahead of the effect.
///
/// # Errors
/// The database's.
pub async fn permit(
    conn: &mut Conn,
    claim: &Claim,
    key: &str,
    policy: Policy,
    lease: Duration,
) -> Result<Permit, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        is_new: bool,
        #[diesel(sql_type = Bool)]
        is_cancelled: bool,
        #[diesel(sql_type = Nullable<Timestamptz>)]
        completed_at: Option<chrono::DateTime<chrono::Utc>>,
        #[diesel(sql_type = Nullable<Text>)]
        external_ref: Option<String>,
    }
    if is_on(Mutant::NoFence) {
        return Ok(Permit::First);
    }
    let ask = diesel::sql_query(include_str!("sql/permit.sql"))
        .bind::<SqlUuid, _>(claim.id)
        .bind::<BigInt, _>(claim.token)
        .bind::<Double, _>(lease.as_secs_f64())
        .bind::<Text, _>(key)
        .bind::<Text, _>(match policy {
            Policy::AtLeastOnce => "off",
            Policy::AtMostOnce => "on",
        });
    let row: Option<Row> = prepared(ask).get_result(conn).await.optional()?;
    Ok(match row {
        None => Permit::Lost,
        Some(row) if row.is_cancelled => Permit::Cancelled,
        Some(row) if row.completed_at.is_some() => Permit::Done(row.external_ref),
        Some(row) if row.is_new => Permit::First,
        Some(_) => Permit::Repeat,
    })
}

/// An effect that has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Its key.
    pub key: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// The job that made it.
    pub job: JobId,
    /// What the other side calls it.
    pub external_ref: Option<String>,
}

/// Writes down that these effects have happened, in one statement. Not fenced: they are facts,
/// whoever held the leases. An intent does not wait for the disk and may be gone with a crash of the
/// server; the fact is written all the same. `conn` is in the relay's scope: they are of many tenants.
///
/// # Errors
/// The database's.
pub async fn complete(conn: &mut Conn, happened: &[Happened]) -> Result<(), Error> {
    let keys: Vec<&str> = happened.iter().map(|effect| effect.key.as_str()).collect();
    let tenants: Vec<TenantId> = happened.iter().map(|effect| effect.tenant).collect();
    let jobs: Vec<JobId> = happened.iter().map(|effect| effect.job).collect();
    let names: Vec<Option<&str>> = happened.iter().map(|effect| effect.external_ref.as_deref()).collect();
    let note = diesel::sql_query(include_str!("sql/complete.sql"))
        .bind::<Array<Text>, _>(keys)
        .bind::<Array<SqlUuid>, _>(tenants)
        .bind::<Array<SqlUuid>, _>(jobs)
        .bind::<Array<Nullable<Text>>, _>(names);
    prepared(note).execute(conn).await?;
    Ok(())
}

/// Takes an intent back: the effect is known not to have happened.
///
/// # Errors
/// The database's.
pub async fn withdraw(conn: &mut Conn, key: &str) -> Result<(), Error> {
    diesel::delete(job_effects::table.find(key)).filter(job_effects::completed_at.is_null()).execute(conn).await?;
    Ok(())
}
