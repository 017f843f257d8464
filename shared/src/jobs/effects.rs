//! Effects outside the database: a mail, a call, a file.
//!
//! An effect has a key that never changes. Before it happens the claim is checked and an intent is
//! written; afterwards the intent is completed. A later attempt finds a completed effect and does
//! not repeat it. Between the two a crash leaves an intent without an answer, and the caller says
//! whether that may be repeated (a mail) or must be looked at by a person (money).

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::time::Duration;

use super::ledger::Claim;
use super::mutant::{Mutant, is_on};
use crate::db::schema::job_effects;
use crate::db::{Conn, Error};

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
    let row: Option<Row> = diesel::sql_query(include_str!("sql/permit.sql"))
        .bind::<SqlUuid, _>(claim.id)
        .bind::<BigInt, _>(claim.token)
        .bind::<Double, _>(lease.as_secs_f64())
        .bind::<Text, _>(key)
        .bind::<Text, _>(match policy {
            Policy::AtLeastOnce => "off",
            Policy::AtMostOnce => "on",
        })
        .get_result(conn)
        .await
        .optional()?;
    Ok(match row {
        None => Permit::Lost,
        Some(row) if row.is_cancelled => Permit::Cancelled,
        Some(row) if row.completed_at.is_some() => Permit::Done(row.external_ref),
        Some(row) if row.is_new => Permit::First,
        Some(_) => Permit::Repeat,
    })
}

/// Writes down that the effect `key` has happened. Not fenced: it is a fact, whoever held the lease.
///
/// # Errors
/// The database's.
pub async fn complete(conn: &mut Conn, key: &str, external_ref: Option<&str>) -> Result<(), Error> {
    diesel::update(job_effects::table.find(key))
        .set((
            job_effects::completed_at.eq(diesel::dsl::now.into_sql::<Timestamptz>().nullable()),
            job_effects::external_ref.eq(external_ref),
        ))
        .execute(conn)
        .await?;
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
