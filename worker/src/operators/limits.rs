//! `worker limits …`.

use clap::Subcommand;
use serde_json::json;
use shared::config::Env;
use shared::jobs::Rate;
use shared::jobs::limits::{self, LimitRow, Subject};
use shared::kinds;

use super::table::{or_dash, table};
use super::{Answer, Asked, connection};

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Limits {
    /// List how often kinds may start and providers be called.
    Ls,
    /// Set a limit; a new release leaves it as it is. What is left out has none.
    Set {
        /// `kind:files.scan` or `provider:smtp`.
        subject: Subject,
        /// On the whole platform: `10/60` is ten in a minute, `10/60+5` with five at once.
        #[arg(long)]
        rate: Option<Rate>,
        /// For each tenant, written alike.
        #[arg(long)]
        tenant_rate: Option<Rate>,
        /// How many jobs of a kind may wait of one tenant, before its requests for more are refused.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=1_000_000_000))]
        tenant_backlog: Option<i32>,
    },
    /// Take a limit back: the next start of a worker sets what its release says, if it says anything.
    Reset {
        /// `kind:files.scan` or `provider:smtp`.
        subject: Subject,
    },
}

/// Answers.
///
/// # Errors
/// The database's, or there can be no such limit.
pub async fn limits(env: Env, Asked { command, json }: Asked<Limits>) -> anyhow::Result<()> {
    let answer = Answer { is_json: json };
    let mut conn = connection(env).await?;
    match command {
        Limits::Ls => answer.give(&limits::list(&mut conn).await?, |rows| list(rows)),
        Limits::Set { subject, rate, tenant_rate, tenant_backlog } => {
            anyhow::ensure!(kinds::knows(&subject), "this release knows no {subject}");
            anyhow::ensure!(
                subject.kind().is_some() || tenant_backlog.is_none(),
                "what waits is counted by kind: {subject} can have no --tenant-backlog"
            );
            let row = LimitRow::new(subject.to_string(), rate, tenant_rate, tenant_backlog);
            limits::set(&mut conn, &row).await?;
            answer.give(&LimitRow { is_edited: true, ..row }, |row| list(std::slice::from_ref(row)))
        }
        Limits::Reset { subject } => {
            anyhow::ensure!(limits::give_back(&mut conn, &subject).await?, "no operator has set a limit of {subject}");
            answer.give(&json!({ "subject": subject.as_str(), "is_edited": false }), |_| {
                format!("{subject} is the release's again, from the next start of a worker on")
            })
        }
    }
}

fn list(rows: &[LimitRow]) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            [
                row.subject.clone(),
                or_dash(row.rate()),
                or_dash(row.tenant_rate()),
                or_dash(row.tenant_backlog),
                if row.is_edited { "operator" } else { "release" }.to_owned(),
            ]
        })
        .collect();
    table(["SUBJECT", "RATE", "OF A TENANT", "BACKLOG OF A TENANT", "SET BY"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_listed_as_it_would_be_set() {
        let row = LimitRow::new("provider:smtp".to_owned(), Some(Rate::each_minute(30).burst(5)), None, None);
        assert!(list(&[row]).contains("provider:smtp  30/60+5  -"), "it says something else");
    }
}
