//! Noticing that Redis has lost its memory.
//!
//! A key in Redis says which life of it the tickets were given to, and a row in PostgreSQL says the
//! same. When they differ (the key is gone: wiped; another value: a backup was loaded) or Redis was
//! restarted or failed over, the tickets that are out may be lost, and all of them are given again.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::super::ledger::NOBODY;
use super::super::mutant::{Mutant, is_on};
use super::super::{Road, RoadError};
use super::RelayError;
use crate::db::schema::job_relay;
use crate::db::{Conn, Error};

/// How often Redis is asked whether it is still the same process.
const RUN: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Epoch {
    /// What the row says, once it was read.
    known: Option<(String, String)>,
    asked: Option<Instant>,
}

impl Epoch {
    pub(super) async fn check(&mut self, conn: &mut Conn, road: &Road, leader: &str) -> Result<(), RelayError> {
        let found: Option<String> =
            redis::cmd("GET").arg(road.key("epoch")).query_async(&mut road.redis()).await.map_err(RoadError::from)?;
        let run = if self.asked.is_none_or(|at| at.elapsed() >= RUN) {
            self.asked = Some(Instant::now());
            Some(run_id(road).await?)
        } else {
            None
        };
        let known = match &self.known {
            Some(known) => Some(known.clone()),
            None => read(conn, leader).await?,
        };
        let is_same = known.as_ref().is_some_and(|(epoch, known_run)| {
            found.as_ref() == Some(epoch) && run.as_ref().is_none_or(|run| run == known_run)
        });
        if is_same {
            self.known = known;
            return Ok(());
        }
        let run = match run {
            Some(run) => run,
            None => run_id(road).await?,
        };
        self.known = None;
        let is_unnoticed = is_on(Mutant::NoEpoch) || is_on(Mutant::RedisIsTruth);
        let given_again = if is_unnoticed { 0 } else { give_again(conn).await? };
        let epoch = Uuid::new_v4().to_string();
        write(conn, &epoch, &run, leader).await?;
        redis::cmd("SET")
            .arg(road.key("epoch"))
            .arg(&epoch)
            .query_async::<()>(&mut road.redis())
            .await
            .map_err(RoadError::from)?;
        if known.is_some() {
            tracing::warn!(
                jobs = given_again,
                "Redis is not the one that had our tickets: {given_again} are given again"
            );
            metrics::counter!("relay_epoch_resets_total").increment(1);
        }
        self.known = Some((epoch, run));
        Ok(())
    }
}

async fn run_id(road: &Road) -> Result<String, RoadError> {
    let info: redis::InfoDict = redis::cmd("INFO").arg("server").query_async(&mut road.redis()).await?;
    Ok(info.get("run_id").unwrap_or_default())
}

async fn read(conn: &mut Conn, leader: &str) -> Result<Option<(String, String)>, Error> {
    diesel::update(job_relay::table)
        .set((job_relay::leader.eq(leader), job_relay::leading_since.eq(diesel::dsl::now)))
        .returning((job_relay::epoch, job_relay::redis_run))
        .get_result(conn)
        .await
        .optional()
}

async fn write(conn: &mut Conn, epoch: &str, run: &str, leader: &str) -> Result<(), Error> {
    let values = (job_relay::epoch.eq(epoch), job_relay::redis_run.eq(run), job_relay::leader.eq(leader));
    diesel::insert_into(job_relay::table)
        .values(values)
        .on_conflict(job_relay::is_only)
        .do_update()
        .set(values)
        .execute(conn)
        .await?;
    Ok(())
}

/// Says that `leader` leads no more.
pub(super) async fn resign(conn: &mut Conn, leader: &str) -> Result<(), Error> {
    diesel::update(job_relay::table.filter(job_relay::leader.eq(leader)))
        .set(job_relay::leader.eq(NOBODY))
        .execute(conn)
        .await?;
    Ok(())
}

async fn give_again(conn: &mut Conn) -> Result<usize, Error> {
    diesel::sql_query("update jobs set state = 'available', dispatched_at = null where state = 'dispatched'")
        .execute(conn)
        .await
}
