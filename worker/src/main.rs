//! `worker [--queues within_5s=20,within_1m=10] [--exclude within_1h] [--drain 25s]`, and what
//! operators ask: `worker health | jobs | limits | queues | schedules`.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use shared::clock::Clock;
use shared::config::Env;
use shared::db::{Pool, PoolSettings};
use shared::storage::Storage;
use worker::bench::Bench;
use worker::completions::Completions;
use worker::config::{Config, Flags};
use worker::context::Services;
use worker::mail::Mailer;
use worker::operators::{self, Asked, Jobs, Limits, Queues, Schedules};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The LMS' worker: does what requests have asked for. Without a command, it works.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask the worker of this machine whether it is ready; for container health checks.
    Health,
    /// Look at jobs, replay the dead, cancel.
    Jobs(Asked<Jobs>),
    /// Look at how often kinds may start and providers be called, change it.
    Limits(Asked<Limits>),
    /// Look at queues, hold them, let them go on.
    Queues(Asked<Queues>),
    /// Measure how many jobs go through, and how soon one starts. Not for production.
    #[command(subcommand, hide = true)]
    Bench(Bench),
    /// Look at work by the clock, switch it, change it.
    Schedules(Asked<Schedules>),
}

fn main() -> ExitCode {
    // Variables that are set already rule over the file.
    let _ = dotenvy::dotenv();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let outcome = runtime.block_on(run(arguments));
    // A handler that cannot be stopped must not keep the process.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        None => work(&arguments.flags).await,
        Some(Command::Health) => operators::health(Env::of_process()).await,
        Some(Command::Bench(command)) => {
            let found = worker::bench::bench(Env::of_process(), command).await?;
            Ok(writeln!(std::io::stdout(), "{found}")?)
        }
        Some(Command::Jobs(command)) => operators::jobs(Env::of_process(), command).await,
        Some(Command::Limits(command)) => operators::limits(Env::of_process(), command).await,
        Some(Command::Queues(command)) => operators::queues(Env::of_process(), command).await,
        Some(Command::Schedules(command)) => operators::schedules(Env::of_process(), command).await,
    }
}

async fn work(flags: &Flags) -> anyhow::Result<()> {
    let config = Config::from_env(Env::of_process(), flags)?;
    shared::telemetry::logs(config.platform.log_format)?;
    let pool = Pool::new(&PoolSettings { does_jobs: true, ..config.database.pool() })?;
    let services = Services {
        completions: Completions::start(pool.clone()),
        pool,
        clock: Clock::Wall,
        storage: Storage::new(&config.storage),
        antivirus: worker::files::antivirus(config.clamd.as_ref()),
        mailer: Mailer::new(&config.mail)?,
        platform: config.platform.clone(),
    };
    let mut registry = worker::registry();
    registry.agrees_with(shared::kinds::ALL)?;
    if config.has_test_jobs {
        registry = worker::rehearsal::register(registry);
    }
    worker::run::run(config, services, registry).await
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "worker: {error:#}");
    ExitCode::FAILURE
}
