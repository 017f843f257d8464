//! What stands on the page, in the words in which it stands there.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use shared::db::{Pool, Scope};
use shared::ids::TenantId;
use shared::jobs::backlog::FullKind;
use shared::jobs::limits::{self, LimitRow, Rate};
use shared::jobs::operate::{self, DeadGroup, JobRow, QueueRow};
use shared::jobs::presence::{self, WorkerRow};
use shared::jobs::schedule::{self, ScheduleRow};
use shared::jobs::{Queue, backlog, ledger};
use shared::kinds;
use tokio::sync::Mutex;

use super::throughput::{Chart, Throughput};

/// Rows of a list at most: the rest is for the command line.
const ROWS: i64 = 25;
/// A count that is older is told with its age.
const STALE: TimeDelta = TimeDelta::seconds(5);

/// Everything, as it is now.
#[derive(Debug, Serialize)]
pub(super) struct Now {
    at: String,
    leader: Option<String>,
    queues: Vec<QueueView>,
    running: Vec<JobView>,
    running_in_all: i64,
    dead: Vec<DeadView>,
    dead_in_all: i64,
    last_dead: Vec<JobView>,
    schedules: Vec<ScheduleView>,
    limits: Vec<LimitView>,
    full: Vec<FullKind>,
    workers: Vec<WorkerView>,
    living_workers: usize,
}

/// A queue.
#[derive(Debug, Serialize)]
struct QueueView {
    row: QueueRow,
    oldest: String,
    promise: String,
    /// `good`, `late` beyond half of the promise, `broken` beyond all of it.
    health: &'static str,
    /// How long ago what waits was counted, when that is not just now.
    counted: Option<String>,
    chart: Chart,
}

/// A job.
#[derive(Debug, Serialize)]
struct JobView {
    id: String,
    kind: String,
    queue: String,
    tenant: Option<TenantId>,
    attempt: String,
    progress: Option<i16>,
    note: Option<String>,
    worker: Option<String>,
    since: String,
    is_asked_to_stop: bool,
    error_class: Option<String>,
    error: Option<String>,
    /// What its button sends.
    replay: String,
}

/// Dead jobs that died of the same.
#[derive(Debug, Serialize)]
struct DeadView {
    row: DeadGroup,
    /// How many they are: `1,000+` when they are more.
    jobs: String,
    /// What its button sends.
    replay: String,
}

/// Work by the clock.
#[derive(Debug, Serialize)]
struct ScheduleView {
    row: ScheduleRow,
    next: String,
    last: String,
}

/// How often a kind may start, or a provider be called.
#[derive(Debug, Serialize)]
struct LimitView {
    rate: Option<String>,
    tenant_rate: Option<String>,
    /// The release knows what is limited: its limit may be changed.
    is_known: bool,
    limits_something: bool,
    /// As it would be written into the form.
    written: String,
    row: LimitRow,
}

/// A worker.
#[derive(Debug, Serialize)]
struct WorkerView {
    row: WorkerRow,
    slots: Vec<String>,
    up: String,
    seen: String,
    /// `working`, `stopping` or `lost`.
    state: &'static str,
}

impl Now {
    pub(super) async fn look(pool: &Pool, throughput: &Mutex<Throughput>) -> anyhow::Result<Self> {
        let mut conn = pool.get(Scope::Relay).await?;
        let now = ledger::database_time(&mut conn).await?;
        let mut counted = throughput.lock().await;
        counted.count(&mut conn).await?;
        let queues = operate::queues(&mut conn).await?;
        let running = operate::running(&mut conn, ROWS).await?;
        let last_dead = operate::last_dead(&mut conn, ROWS).await?;
        let dead = operate::dead_groups(&mut conn).await?;
        let schedules = schedule::list(&mut conn).await?;
        let limits = limits::list(&mut conn).await?;
        let full = backlog::full_kinds(&mut conn, ROWS).await?;
        let workers = presence::list(&mut conn).await?;
        let leader = ledger::leader(&mut conn).await?;
        Ok(Self {
            at: now.format("%H:%M:%S").to_string(),
            leader: leader.map(|(name, since)| format!("{name}, for {}", span(now - since))),
            running_in_all: queues.iter().map(|queue| queue.running).sum(),
            dead_in_all: queues.iter().map(|queue| queue.dead).sum(),
            queues: queues.into_iter().map(|row| QueueView::new(row, &counted, now)).collect(),
            running: running.into_iter().map(|row| JobView::new(row, now)).collect(),
            dead: dead.into_iter().map(DeadView::from).collect(),
            last_dead: last_dead.into_iter().map(|row| JobView::new(row, now)).collect(),
            schedules: schedules.into_iter().map(|row| ScheduleView::new(row, now)).collect(),
            limits: limits.into_iter().map(LimitView::from).collect(),
            full,
            living_workers: workers.iter().filter(|worker| !worker.is_lost).count(),
            workers: workers.into_iter().map(|row| WorkerView::new(row, now)).collect(),
        })
    }
}

impl QueueView {
    fn new(row: QueueRow, throughput: &Throughput, now: DateTime<Utc>) -> Self {
        let promise = row.queue.parse::<Queue>().map(Queue::promise).unwrap_or_default();
        let share = row.oldest_due_seconds / promise.as_secs_f64().max(1.0);
        Self {
            chart: throughput.chart(&row.queue),
            counted: row.counted_at.map(|at| now - at).filter(|age| *age > STALE).map(span),
            oldest: if row.ready == 0 { "–".to_owned() } else { seconds(row.oldest_due_seconds) },
            promise: span(TimeDelta::from_std(promise).unwrap_or_default()),
            health: if share > 1.0 {
                "broken"
            } else if share > 0.5 {
                "late"
            } else {
                "good"
            },
            row,
        }
    }
}

impl JobView {
    fn new(row: JobRow, now: DateTime<Utc>) -> Self {
        let since = row.finished_at.or(row.started_at).unwrap_or(row.created_at);
        Self {
            replay: json!({ "ids": [row.id] }).to_string(),
            id: row.id.to_string(),
            kind: row.kind,
            queue: row.queue,
            tenant: Some(row.tenant_id).filter(|tenant| *tenant != TenantId::PLATFORM),
            attempt: format!("{} of {}", row.attempt, row.max_attempts),
            progress: row.progress,
            note: row.progress_note,
            worker: row.worker,
            since: span(now - since),
            is_asked_to_stop: row.cancel_requested_at.is_some(),
            error_class: row.error_class,
            error: row.last_error,
        }
    }
}

impl From<DeadGroup> for DeadView {
    fn from(row: DeadGroup) -> Self {
        let jobs = format!("{}{}", thousands(row.jobs), if row.are_more { "+" } else { "" });
        Self { jobs, replay: json!({ "kind": row.kind, "error_class": row.error_class }).to_string(), row }
    }
}

impl ScheduleView {
    fn new(row: ScheduleRow, now: DateTime<Utc>) -> Self {
        Self {
            next: format!("in {}", span(row.next_run_at - now)),
            last: row.last_run_at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", span(now - at))),
            row,
        }
    }
}

impl From<LimitRow> for LimitView {
    fn from(row: LimitRow) -> Self {
        let told = |rate: Rate| {
            let each = span(TimeDelta::seconds(i64::from(rate.seconds)));
            format!("{} in {each}, {} at once", thousands(rate.starts.into()), thousands(rate.burst.into()))
        };
        let (rate, tenant_rate) = (row.rate(), row.tenant_rate());
        let written = json!({
            "subject": row.subject,
            "rate": rate.map(|rate| rate.to_string()),
            "tenant_rate": tenant_rate.map(|rate| rate.to_string()),
            "tenant_backlog": row.tenant_backlog,
        });
        Self {
            rate: rate.map(told),
            tenant_rate: tenant_rate.map(told),
            is_known: row.subject.parse().is_ok_and(|subject| kinds::knows(&subject)),
            limits_something: rate.is_some() || tenant_rate.is_some() || row.tenant_backlog.is_some(),
            written: written.to_string(),
            row,
        }
    }
}

impl WorkerView {
    fn new(row: WorkerRow, now: DateTime<Utc>) -> Self {
        let slots = row.queues.as_object().into_iter().flatten();
        Self {
            slots: slots.map(|(queue, slots)| format!("{queue}={slots}")).collect(),
            up: span(now - row.started_at),
            seen: span(now - row.seen_at),
            state: match (row.is_lost, row.is_stopping) {
                (true, _) => "lost",
                (false, true) => "stopping",
                (false, false) => "working",
            },
            row,
        }
    }
}

/// A stretch of time as people say it: the two largest units are more than enough.
fn span(time: TimeDelta) -> String {
    let seconds = time.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

fn two(large: i64, unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {small_unit}") }
}

/// A number with its thousands apart.
pub(super) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut apart = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    if number < 0 { format!("-{apart}") } else { apart }
}

/// The same with tenths where they count.
fn seconds(time: f64) -> String {
    if time < 10.0 {
        return format!("{time:.1} s");
    }
    let milliseconds = std::time::Duration::try_from_secs_f64(time).unwrap_or_default();
    span(TimeDelta::from_std(milliseconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_as_people_do() {
        for (seconds, told) in
            [(-3, "0 s"), (59, "59 s"), (61, "1 min"), (3_725, "1 h 2 min"), (3_600, "1 h"), (90_061, "1 d 1 h")]
        {
            assert_eq!(span(TimeDelta::seconds(seconds)), told);
        }
        assert_eq!((thousands(999), thousands(1_234_567)), ("999".to_owned(), "1,234,567".to_owned()));
        assert_eq!((seconds(0.34).as_str(), seconds(75.0).as_str()), ("0.3 s", "1 min"));
    }
}
