//! The levers. Each answers with a sentence for whoever pulled it, and leaves a line in the audit log.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use shared::db::{Acting, Scope, ScopedConn};
use shared::ids::JobId;
use shared::jobs::limits::{self, LimitRow, Subject};
use shared::jobs::operate::{self, Cancelled, Filter};
use shared::jobs::schedule::{self, Change, EditError};
use shared::jobs::{Queue, Rate};
use shared::kinds;

use super::Ops;

/// Jobs that one press of a button brings back at most.
const MOST_REPLAYED: i64 = 1_000;

/// A lever that did not do it.
#[derive(Debug)]
pub(super) struct Jammed(StatusCode, String);

impl IntoResponse for Jammed {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "said": self.1 }))).into_response()
    }
}

impl<E: Into<anyhow::Error>> From<E> for Jammed {
    fn from(error: E) -> Self {
        let error = error.into();
        tracing::error!("An operator's act failed: {error:#}");
        Self(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer: nothing was done.".to_owned())
    }
}

type Said = Result<Response, Jammed>;

#[expect(clippy::unnecessary_wraps, reason = "the end of every lever")]
fn say(sentence: String) -> Said {
    tracing::info!("An operator's act: {sentence}");
    Ok(Json(json!({ "said": sentence })).into_response())
}

fn unknown(what: &str) -> Jammed {
    Jammed(StatusCode::NOT_FOUND, format!("There is no such {what}."))
}

/// Who pulls a lever. The port asks nobody for a name, so it is an address.
pub(super) type Peer = ConnectInfo<SocketAddr>;

async fn conn(ops: &Ops, ConnectInfo(peer): Peer) -> Result<ScopedConn, Jammed> {
    let acting = Acting::operator(&format!("operator page, {}", peer.ip().to_canonical()));
    Ok(ops.0.pool.get_for(Scope::Relay, &acting).await?)
}

/// Holds a queue, or lets it go on.
pub(super) async fn queue(State(ops): State<Ops>, peer: Peer, Path((name, verb)): Path<(String, String)>) -> Said {
    let queue: Queue = name.parse().map_err(|_| unknown("queue"))?;
    let mut conn = conn(&ops, peer).await?;
    match verb.as_str() {
        "pause" => {
            operate::pause(&mut conn, queue).await?;
            say(format!("{queue} is held: nothing of it starts."))
        }
        "resume" => {
            operate::resume(&mut conn, queue).await?;
            say(format!("{queue} goes on."))
        }
        _ => Err(unknown("lever")),
    }
}

/// Which of the dead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replay {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    error_class: Option<String>,
    #[serde(default)]
    ids: Vec<JobId>,
}

/// Gives the dead their attempts back.
pub(super) async fn replay(State(ops): State<Ops>, peer: Peer, Json(which): Json<Replay>) -> Said {
    let Replay { kind, error_class, ids } = which;
    let filter = Filter { kind, error_class, ..Filter::default() };
    let replayed = operate::replay(&mut *conn(&ops, peer).await?, &filter, &ids, MOST_REPLAYED).await?.len();
    say(match replayed {
        0 => "Nothing was replayed: they live already, or have a successor that does.".to_owned(),
        1 => "One job lives again.".to_owned(),
        MOST.. => format!("{replayed} jobs live again. There may be more: press once more."),
        _ => format!("{replayed} jobs live again."),
    })
}

/// [`MOST_REPLAYED`], as rows are counted.
const MOST: usize = 1_000;

/// Cancels a job.
pub(super) async fn cancel(State(ops): State<Ops>, peer: Peer, Path(job): Path<JobId>) -> Said {
    say(match operate::cancel(&mut *conn(&ops, peer).await?, job).await? {
        Cancelled::AtOnce => format!("{job} is cancelled."),
        Cancelled::Asked => format!("{job} is asked to stop."),
        Cancelled::TooLate => format!("{job} is over already."),
    })
}

/// Switches work by the clock, or asks for it now.
pub(super) async fn schedule(State(ops): State<Ops>, peer: Peer, Path((name, verb)): Path<(String, String)>) -> Said {
    let mut conn = conn(&ops, peer).await?;
    let told = |error| match error {
        EditError::NotFound => unknown("schedule"),
        other => Jammed::from(other),
    };
    match verb.as_str() {
        "run" => {
            let job = schedule::run_now(&mut conn, &name, None).await.map_err(told)?;
            say(format!("{name} was asked for: job {job}."))
        }
        "enable" | "disable" => {
            let is_enabled = Some(verb == "enable");
            schedule::change(&mut conn, &name, &Change { is_enabled, ..Change::default() }).await.map_err(told)?;
            say(format!("{name} is switched {}.", if verb == "enable" { "on" } else { "off" }))
        }
        _ => Err(unknown("lever")),
    }
}

/// A limit as a whole, in what was written into the fields of a form: nothing is no limit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    #[serde(default)]
    rate: String,
    #[serde(default)]
    tenant_rate: String,
    #[serde(default)]
    tenant_backlog: String,
}

impl Limit {
    fn of(&self, subject: &Subject) -> Result<LimitRow, String> {
        let rate = |given: &str| written(given).map(str::parse::<Rate>).transpose().map_err(|error| error.to_string());
        let backlog = written(&self.tenant_backlog).map(|given| match given.parse::<i32>() {
            Ok(number @ 1..=1_000_000_000) if subject.kind().is_some() => Ok(number),
            Ok(1..=1_000_000_000) => Err(format!("What waits is counted by kind: {subject} can have no number of it.")),
            _ => Err(format!("`{given}` is no number of jobs that may wait.")),
        });
        Ok(LimitRow::new(subject.to_string(), rate(&self.rate)?, rate(&self.tenant_rate)?, backlog.transpose()?))
    }
}

fn written(field: &str) -> Option<&str> {
    Some(field.trim()).filter(|text| !text.is_empty())
}

fn subject(given: &str) -> Result<Subject, Jammed> {
    given.parse().map_err(|_| unknown("kind or provider"))
}

/// Sets a limit, or lifts it: what is left empty has none.
pub(super) async fn set_limit(
    State(ops): State<Ops>,
    peer: Peer,
    Path(given): Path<String>,
    Json(limit): Json<Limit>,
) -> Said {
    let subject = subject(&given)?;
    if !kinds::knows(&subject) {
        return Err(unknown("kind or provider"));
    }
    let row = limit.of(&subject).map_err(|why| Jammed(StatusCode::BAD_REQUEST, why))?;
    limits::set(&mut *conn(&ops, peer).await?, &row).await?;
    let is_lifted = row.rate().is_none() && row.tenant_rate().is_none() && row.tenant_backlog.is_none();
    say(format!("{subject} {}.", if is_lifted { "has no limit any more" } else { "is limited as you said" }))
}

/// Takes an operator's limit back.
pub(super) async fn reset_limit(State(ops): State<Ops>, peer: Peer, Path(given): Path<String>) -> Said {
    let subject = subject(&given)?;
    if limits::give_back(&mut *conn(&ops, peer).await?, &subject).await? {
        say(format!("{subject} is the release's again, from the next start of a worker on."))
    } else {
        Err(Jammed(StatusCode::NOT_FOUND, format!("No operator has set a limit of {subject}.")))
    }
}
