//! Saying what this release knows, for as long as it runs.

use std::time::Duration;

use shared::db::{Pool, Scope};
use shared::jobs::limits::{self, Declared};
use shared::jobs::schedule::{self, Schedule};

use crate::registry::Registry;

/// How often it is said again: what nobody has declared for a while is taken away.
const EVERY: Duration = Duration::from_secs(60);
/// How soon a database that is away is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// The kinds, schedules and limits of this release.
#[derive(Debug)]
pub(crate) struct Declares {
    kinds: Vec<(&'static str, i16)>,
    schedules: Vec<Schedule>,
    limits: Vec<Declared>,
}

impl Declares {
    /// What is done by `registry`, and what all workers do by the clock.
    ///
    /// # Errors
    /// A payload cannot be written as JSON.
    pub(crate) fn of(registry: &Registry) -> serde_json::Result<Self> {
        Ok(Self {
            kinds: registry.kinds().map(|kind| (kind.name, kind.version)).collect(),
            schedules: crate::schedules()?,
            limits: registry.limits(),
        })
    }

    /// Writes it down as soon as the database is there, and then says each minute that it still holds.
    pub(crate) async fn keep(self, pool: Pool) {
        let mut is_written = false;
        loop {
            let said = if is_written { self.say_again(&pool).await } else { self.write(&pool).await };
            is_written |= said.is_ok();
            if let Err(error) = &said {
                tracing::warn!("The schedules and limits cannot be written yet: {error:#}");
            }
            tokio::time::sleep(if said.is_ok() { EVERY } else { AGAIN }).await;
        }
    }

    async fn write(&self, pool: &Pool) -> anyhow::Result<()> {
        let mut conn = pool.get(Scope::Relay).await?;
        shared::jobs::announce(&mut conn, &self.kinds).await?;
        schedule::sync(&mut conn, &self.schedules).await?;
        limits::sync(&mut conn, &self.limits).await?;
        Ok(())
    }

    async fn say_again(&self, pool: &Pool) -> anyhow::Result<()> {
        let mut conn = pool.get(Scope::Relay).await?;
        schedule::keep(&mut conn, &self.schedules).await?;
        limits::keep(&mut conn, &self.limits).await?;
        Ok(())
    }
}
