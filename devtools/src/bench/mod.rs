//! Figures of release builds, on the machine they are wanted for: how soon the API is ready, what it
//! needs, and how many requests it answers, beside what PostgreSQL alone does with the very
//! statements that such a request sends. `./lms bench` prepares the servers and runs it.
//!
//! The statements are not written down here: each scenario's requests are sent once while
//! PostgreSQL logs what it is asked, and that, with its values, is pgbench's script. So the
//! comparison stays true when a query changes.

mod api;
mod load;
mod log;
mod scenario;
mod script;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use api::Api;
use load::{Pgbench, Wrk};
use log::StatementLog;
use scenario::Scenario;

/// What to measure, and with what.
#[derive(Debug, Args)]
pub struct Bench {
    /// The API's program.
    #[arg(long)]
    api: PathBuf,
    /// Where it listens.
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    url: String,
    /// PostgreSQL, as a superuser.
    #[arg(long, env = "BENCH_DATABASE_URL", hide_env_values = true)]
    owner_url: String,
    /// PostgreSQL, as the login that the API uses.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// The file that PostgreSQL logs to.
    #[arg(long)]
    postgres_log: PathBuf,
    /// The programs that make load.
    #[arg(long, default_value = "wrk")]
    wrk: PathBuf,
    #[arg(long, default_value = "pgbench")]
    pgbench: PathBuf,
    /// How long each measurement takes.
    #[arg(long, default_value_t = 15)]
    seconds: u32,
    /// HTTP connections at once.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Database connections: as many as the API's pool has.
    #[arg(long, default_value_t = 16)]
    pool: u32,
}

/// Measures, and prints tables for people.
///
/// # Errors
/// Something needed is not there, or a request was not answered as it should be.
pub async fn run(bench: Bench) -> anyhow::Result<()> {
    let (starts, api) = start_some_times(&bench).await?;
    println_table(&[
        ("Start to ready, migrated, median of 5".to_owned(), format!("{} ms", starts.as_millis())),
        ("Memory when idle (resident)".to_owned(), format!("{:.1} MiB", api.resident_mib()?)),
    ]);
    let people = api.learners().await?;
    let folder = tempfile::tempdir()?;
    let log = StatementLog::open(&bench.owner_url, &bench.postgres_log).await?;
    say("| Request | API, requests/s | p50 | p99 | not 2xx | pgbench, same statements/s | ratio |");
    say("|---|---|---|---|---|---|---|");
    for scenario in scenario::all(&api, &people).await? {
        // The second time: the first fills caches and prepares statements.
        api.send(&scenario).await?;
        log.start().await?;
        let scripts = api.record(&scenario, &log).await?;
        log.stop().await?;
        let scripts = script::write(folder.path(), &scripts)?;
        let alone = Pgbench { program: &bench.pgbench, url: &bench.database_url, clients: bench.pool }
            .run(&scripts, &people.tenant, bench.seconds)
            .await?;
        let wrk = Wrk { program: &bench.wrk, connections: bench.connections };
        let api_load = wrk.run(folder.path(), &bench.url, &scenario, bench.seconds).await?;
        say(&format!(
            "| `{} {}` | {:.0} | {:.1} ms | {:.1} ms | {} | {:.0} | {:.0} % |",
            scenario.method,
            scenario.path,
            api_load.requests_per_second,
            api_load.p50_ms,
            api_load.p99_ms,
            api_load.refused,
            alone,
            100.0 * api_load.requests_per_second / alone,
        ));
    }
    say(&format!("\nMemory after the load (resident): {:.1} MiB", api.resident_mib()?));
    api.stop().await
}

/// Starts the API five times; the last one stays.
async fn start_some_times(bench: &Bench) -> anyhow::Result<(Duration, Api)> {
    let mut took = Vec::new();
    for _ in 0..4 {
        let (api, start) = Api::start(&bench.api, &bench.url).await?;
        took.push(start);
        api.stop().await?;
    }
    let (api, start) = Api::start(&bench.api, &bench.url).await?;
    took.push(start);
    took.sort();
    // Whatever it does once after its start is done by then.
    tokio::time::sleep(Duration::from_secs(3)).await;
    Ok((took.get(2).copied().context("five starts")?, api))
}

fn println_table(rows: &[(String, String)]) {
    say("| What | Figure |\n|---|---|");
    for (what, figure) in rows {
        say(&format!("| {what} | {figure} |"));
    }
    say("");
}

#[expect(clippy::print_stdout, reason = "the result of a command")]
fn say(line: &str) {
    println!("{line}");
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
