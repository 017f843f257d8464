//! How often a kind of job may start, or a provider be called.
//!
//! A limit is a token bucket, for the whole platform or for each tenant, in PostgreSQL: it outlives
//! Redis. Who finds no token is promised the next one and comes back exactly then, if that is soon;
//! otherwise it comes back to ask again, the later the longer it has waited. Neither counts as an
//! attempt, and nothing spins (`docs/adr/0008-limits-promise-turns.md`).

mod turn;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::ledger::database_time;
use super::release::FORGOTTEN;
use crate::db::schema::job_limits;
use crate::db::{Conn, Error};
use crate::ids::TenantId;

pub use turn::{Bucket, Turn, patience, take};

/// So many starts in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Starts.
    pub starts: i32,
    /// In so many seconds.
    pub seconds: i32,
    /// So many at once after a pause.
    pub burst: i32,
}

impl Rate {
    /// So many each second, and as many at once.
    pub const fn each_second(starts: i32) -> Self {
        Self { starts, seconds: 1, burst: starts }
    }

    /// So many each minute, and one at a time.
    pub const fn each_minute(starts: i32) -> Self {
        Self { starts, seconds: 60, burst: 1 }
    }

    /// With so many at once after a pause.
    #[must_use]
    pub const fn burst(self, burst: i32) -> Self {
        Self { burst, ..self }
    }

    fn per_second(self) -> f64 {
        f64::from(self.starts) / f64::from(self.seconds)
    }
}

/// A text that is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rate: write 10/60 or 10/60+5")]
pub struct NoRate(String);

/// As people write it: `10/60` is ten in a minute, `10/60+5` with five at once.
impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(given: &str) -> Result<Self, NoRate> {
        let read = || {
            let (rate, burst) = given.split_once('+').map_or((given, "1"), |(rate, burst)| (rate, burst));
            let (starts, seconds) = rate.split_once('/')?;
            let number = |text: &str| text.trim().parse::<i32>().ok().filter(|number| *number > 0);
            Some(Self { starts: number(starts)?, seconds: number(seconds)?, burst: number(burst)? })
        };
        read().ok_or_else(|| NoRate(given.chars().take(100).collect()))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}+{}", self.starts, self.seconds, self.burst)
    }
}

/// What is limited: `kind:files.scan` or `provider:smtp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(String);

/// A text that names nothing that could be limited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no subject of a limit: write kind:<name> or provider:<name>")]
pub struct UnknownSubject(String);

impl Subject {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind of job, if it is one.
    pub fn kind(&self) -> Option<&str> {
        self.0.strip_prefix("kind:")
    }

    /// The provider, if it is one.
    pub fn provider(&self) -> Option<&str> {
        self.0.strip_prefix("provider:")
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Subject {
    type Err = UnknownSubject;

    fn from_str(given: &str) -> Result<Self, UnknownSubject> {
        let name = given.strip_prefix("kind:").or_else(|| given.strip_prefix("provider:")).unwrap_or_default();
        let is_name = (1..=100).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte));
        if is_name { Ok(Self(given.to_owned())) } else { Err(UnknownSubject(given.chars().take(100).collect())) }
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The limits of a kind, as a release declares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// Which.
    pub kind: &'static str,
    /// Of the whole platform.
    pub rate: Option<Rate>,
    /// Of each tenant.
    pub tenant_rate: Option<Rate>,
    /// How many may wait of one tenant.
    pub tenant_backlog: Option<i32>,
}

/// A limit as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, Identifiable, Insertable, AsChangeset)]
#[diesel(table_name = job_limits, primary_key(subject), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct LimitRow {
    /// `kind:files.scan` or `provider:smtp`.
    pub subject: String,
    /// Starts of the whole platform…
    pub starts: Option<i32>,
    /// …in so many seconds…
    pub seconds: Option<i32>,
    /// …and so many at once.
    pub burst: Option<i32>,
    /// The same for each tenant.
    pub tenant_starts: Option<i32>,
    pub tenant_seconds: Option<i32>,
    pub tenant_burst: Option<i32>,
    /// How many jobs of a kind may wait of one tenant, instead of the queue's number.
    pub tenant_backlog: Option<i32>,
    /// An operator has set it: a new release leaves it as it is.
    pub is_edited: bool,
}

impl LimitRow {
    /// A limit that no operator has set.
    pub fn new(subject: String, rate: Option<Rate>, tenant: Option<Rate>, tenant_backlog: Option<i32>) -> Self {
        Self {
            subject,
            starts: rate.map(|rate| rate.starts),
            seconds: rate.map(|rate| rate.seconds),
            burst: rate.map(|rate| rate.burst),
            tenant_starts: tenant.map(|rate| rate.starts),
            tenant_seconds: tenant.map(|rate| rate.seconds),
            tenant_burst: tenant.map(|rate| rate.burst),
            tenant_backlog,
            is_edited: false,
        }
    }

    /// The rate of the whole platform.
    pub fn rate(&self) -> Option<Rate> {
        Some(Rate { starts: self.starts?, seconds: self.seconds?, burst: self.burst? })
    }

    /// The rate of each tenant.
    pub fn tenant_rate(&self) -> Option<Rate> {
        Some(Rate { starts: self.tenant_starts?, seconds: self.tenant_seconds?, burst: self.tenant_burst? })
    }

    /// The buckets from which a job of `tenant` must have a token each.
    pub fn buckets(&self, tenant: TenantId) -> impl Iterator<Item = Bucket> {
        let of_all = self.rate().map(|rate| Bucket { name: self.subject.clone(), rate });
        let of_tenant = self.tenant_rate().map(|rate| Bucket { name: format!("{}@{tenant}", self.subject), rate });
        of_all.into_iter().chain(of_tenant)
    }
}

/// All limits, by subject. `conn` is in the relay's scope, as for all of this module; to see and to
/// set limits, the platform's will do.
///
/// # Errors
/// The database's.
pub async fn list(conn: &mut Conn) -> Result<Vec<LimitRow>, Error> {
    job_limits::table.order(job_limits::subject).select(LimitRow::as_select()).load(conn).await
}

/// Sets a limit for good: a new release leaves it as it is.
///
/// # Errors
/// The database's; a broken `job_limits_…` constraint when the numbers make no sense.
pub async fn set(conn: &mut Conn, limit: &LimitRow) -> Result<(), Error> {
    write(conn, &LimitRow { is_edited: true, ..limit.clone() }).await
}

/// Takes an operator's limit back: one that no release declares is gone, and for another the next start
/// of a worker writes down what its release says. `false` when no operator has set it.
///
/// # Errors
/// The database's.
pub async fn give_back(conn: &mut Conn, subject: &Subject) -> Result<bool, Error> {
    let forgotten = forgotten(conn).await?;
    conn.transaction(async |conn| {
        let edited = || job_limits::table.find(subject.as_str()).filter(job_limits::is_edited);
        let is_nobodys = job_limits::declared_at.is_null().or(job_limits::declared_at.assume_not_null().lt(forgotten));
        let deleted = diesel::delete(edited().filter(is_nobodys)).execute(conn).await?;
        let given_back = diesel::update(edited())
            .set((job_limits::is_edited.eq(false), job_limits::updated_at.eq(diesel::dsl::now)))
            .execute(conn)
            .await?;
        Ok(deleted + given_back == 1)
    })
    .await
}

/// Writes down what this release declares, unless an operator has said otherwise; and [`keep`]s it.
///
/// # Errors
/// The database's.
pub async fn sync(conn: &mut Conn, declared: &[Declared]) -> Result<(), Error> {
    let known = list(conn).await?;
    for row in declared.iter().map(row_of) {
        match known.iter().find(|known| known.subject == row.subject) {
            Some(known) if known.is_edited || *known == row => {}
            _ => write(conn, &row).await?,
        }
    }
    keep(conn, declared).await
}

/// Says that this release still declares these limits, and deletes those that no release has declared
/// for a while. Not those that this one does not know: another may, that is rolled out at the moment.
///
/// # Errors
/// The database's.
pub async fn keep(conn: &mut Conn, declared: &[Declared]) -> Result<(), Error> {
    let subjects = declared.iter().map(subject);
    diesel::update(job_limits::table.filter(job_limits::subject.eq_any(subjects)))
        .set(job_limits::declared_at.eq(diesel::dsl::now))
        .execute(conn)
        .await?;
    // What operators have set is theirs.
    let unedited = job_limits::table.filter(job_limits::is_edited.eq(false));
    let forgotten = forgotten(conn).await?;
    diesel::delete(unedited.filter(job_limits::declared_at.lt(forgotten))).execute(conn).await?;
    Ok(())
}

/// What was declared before then only, is not declared any more.
async fn forgotten(conn: &mut Conn) -> Result<DateTime<Utc>, Error> {
    Ok(database_time(conn).await? - TimeDelta::minutes(FORGOTTEN.into()))
}

fn subject(declared: &Declared) -> String {
    format!("kind:{}", declared.kind)
}

fn row_of(declared: &Declared) -> LimitRow {
    LimitRow::new(subject(declared), declared.rate, declared.tenant_rate, declared.tenant_backlog)
}

async fn write(conn: &mut Conn, limit: &LimitRow) -> Result<(), Error> {
    diesel::insert_into(job_limits::table)
        .values(limit)
        .on_conflict(job_limits::subject)
        .do_update()
        .set((limit, job_limits::updated_at.eq(diesel::dsl::now)))
        .execute(conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_people_write_them() {
        assert_eq!("10/60".parse(), Ok(Rate { starts: 10, seconds: 60, burst: 1 }));
        assert_eq!("10/1+20".parse(), Ok(Rate { starts: 10, seconds: 1, burst: 20 }));
        assert_eq!(Rate::each_minute(30).burst(5).to_string(), "30/60+5");
        for wrong in ["", "10", "0/1", "10/0", "-1/5", "10/60+0", "a/b", "1/2/3"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_kind_or_a_provider_is_limited_and_nothing_else() {
        let kind: Subject = "kind:files.scan".parse().expect("a subject");
        assert_eq!((kind.kind(), kind.provider()), (Some("files.scan"), None));
        let provider: Subject = "provider:smtp".parse().expect("a subject");
        assert_eq!((provider.kind(), provider.provider()), (None, Some("smtp")));
        for wrong in ["", "kind:", "smtp", "queue:within_1m", "kind:Files", "kind:a b", "provider:ü"] {
            assert!(wrong.parse::<Subject>().is_err(), "{wrong}");
        }
    }
}
