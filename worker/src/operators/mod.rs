//! What operators ask on the command line: tables for people, `--json` for programs. What they do
//! is in the audit log under the system's name of theirs.

mod jobs;
mod limits;
mod person;
mod queues;
mod schedules;
mod table;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;
use shared::config::{DatabaseConfig, Env};
use shared::db::{Acting, Pool, PoolSettings, Scope, ScopedConn};

pub use jobs::{Jobs, jobs};
pub use limits::{Limits, limits};
pub use queues::{Queues, queues};
pub use schedules::{Schedules, schedules};

/// A question, and in which form the answer is wanted.
#[derive(Debug, Args)]
pub struct Asked<C: Subcommand> {
    #[command(subcommand)]
    command: C,
    /// For programs.
    #[arg(long, global = true)]
    json: bool,
}

/// In which form answers are given.
#[derive(Debug, Clone, Copy)]
struct Answer {
    is_json: bool,
}

impl Answer {
    /// The whole for programs, or what is said of it to people.
    fn give<T: Serialize + ?Sized>(self, whole: &T, said: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        if self.is_json { print(&serde_json::to_string_pretty(whole)?) } else { print(&said(whole)) }
    }
}

/// A connection across tenants, to the job tables only.
async fn connection(mut env: Env) -> anyhow::Result<ScopedConn> {
    let database = DatabaseConfig::from_env(&mut env);
    let database = env.finish(database)?;
    let pool = Pool::new(&PoolSettings { size: 1, ..database.pool() })?;
    let acting = Acting::operator(&format!("command line, {}", person::at_the_terminal()));
    Ok(pool.get_for(Scope::Relay, &acting).await?)
}

fn print(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Asks the worker of this machine whether it is ready.
///
/// # Errors
/// It is not, or does not answer.
pub async fn health(mut env: Env) -> anyhow::Result<()> {
    let mut address: SocketAddr = env.parsed("WORKER_INTERNAL_LISTEN", SocketAddr::from(([127, 0, 0, 1], 9101)));
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    env.finish(())?;
    let answer = tokio::task::spawn_blocking(move || ask(address)).await??;
    let line = answer.lines().next().unwrap_or_default();
    anyhow::ensure!(line.contains(" 200 "), "the worker at {address} is not ready: {line}");
    print("ready")
}

fn ask(address: SocketAddr) -> anyhow::Result<String> {
    let patience = Some(Duration::from_secs(3));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(3))
        .with_context(|| format!("no worker answers at {address}"))?;
    stream.set_read_timeout(patience)?;
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
