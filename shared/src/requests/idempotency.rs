//! Answers already given, by the key with which a client named its request.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncConnection, RunQueryDsl, TransactionManager};

use crate::db::schema::idempotency_keys;
use crate::db::{Conn, Error};
use crate::ids::{TenantId, UserId};

/// The name that a person's client gave to a request.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    pub user: UserId,
    pub tenant: Option<TenantId>,
    pub key: String,
    /// SHA-256 of method, address and body.
    pub request_hash: Vec<u8>,
}

/// An answer, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub status: u16,
    pub content_type: Option<String>,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing: do it.
    Nothing,
    /// Another request with it is being done.
    InProgress,
    /// It was used for another request.
    Other,
    /// It was done.
    Answer(StoredAnswer),
}

type Transactions = <Conn as AsyncConnection>::TransactionManager;

impl IdempotencyKey {
    /// Opens the request's transaction. What handlers open in it are savepoints.
    pub async fn begin(&self, conn: &mut Conn) -> Result<(), Error> {
        Transactions::begin_transaction(conn).await
    }

    /// Commits the request's transaction.
    pub async fn commit(conn: &mut Conn) -> Result<(), Error> {
        Transactions::commit_transaction(conn).await
    }

    /// Rolls the request's transaction back.
    pub async fn roll_back(conn: &mut Conn) -> Result<(), Error> {
        Transactions::rollback_transaction(conn).await
    }

    /// Takes the key until the transaction ends, and says what is known of it.
    pub async fn claim(&self, conn: &mut Conn) -> Result<Found, Error> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Bool)]
            taken: bool,
        }
        let lock: Row = diesel::sql_query("select pg_try_advisory_xact_lock(hashtextextended($1, 7203302)) as taken")
            .bind::<Text, _>(format!("{} {}", self.user, self.key))
            .get_result(conn)
            .await?;
        if !lock.taken {
            return Ok(Found::InProgress);
        }
        let row = idempotency_keys::table
            .find((self.user, &self.key))
            .select((
                idempotency_keys::request_hash,
                idempotency_keys::status,
                idempotency_keys::content_type,
                idempotency_keys::location,
                idempotency_keys::body,
            ))
            .first::<(Vec<u8>, Option<i16>, Option<String>, Option<String>, Option<Vec<u8>>)>(conn)
            .await
            .optional()?;
        Ok(match row {
            None => Found::Nothing,
            Some((hash, ..)) if hash != self.request_hash => Found::Other,
            Some((_, status, content_type, location, body)) => Found::Answer(StoredAnswer {
                status: status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
                content_type,
                location,
                body: body.unwrap_or_default(),
            }),
        })
    }

    /// Keeps the answer.
    pub async fn store(&self, conn: &mut Conn, answer: &StoredAnswer, now: DateTime<Utc>) -> Result<(), Error> {
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::user_id.eq(self.user),
                idempotency_keys::key.eq(&self.key),
                idempotency_keys::tenant_id.eq(self.tenant),
                idempotency_keys::request_hash.eq(&self.request_hash),
                idempotency_keys::status.eq(i16::try_from(answer.status).unwrap_or(200)),
                idempotency_keys::content_type.eq(&answer.content_type),
                idempotency_keys::location.eq(&answer.location),
                idempotency_keys::body.eq(&answer.body),
                idempotency_keys::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        Ok(())
    }
}
