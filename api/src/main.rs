//! `api serve | migrate | create-superuser | reseal | seed-demo-data | openapi | health`.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use api::commands::CreateSuperuser;
use api::config::Config;
use api::{commands, demo, openapi, serve};
use clap::{Parser, Subcommand};
use shared::clock::Clock;
use shared::config::{DatabaseConfig, Env, PlatformConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The LMS' API.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve requests.
    Serve,
    /// Bring the database to this version's shape.
    Migrate,
    /// Make somebody who stands above tenants.
    CreateSuperuser(CreateSuperuser),
    /// Seal anew under `SECRET_KEY` what was sealed under `SECRET_KEY_FALLBACKS`.
    Reseal,
    /// Fill the database with two demo tenants.
    SeedDemoData {
        /// Remove the demo tenants first, with everything in them.
        #[arg(long)]
        clear: bool,
        /// Do nothing when the database has tenants.
        #[arg(long, conflicts_with = "clear")]
        if_empty: bool,
    },
    /// Write the OpenAPI document to standard output.
    Openapi,
    /// Ask the server of this machine whether it is ready; for container health checks.
    Health,
}

fn main() -> ExitCode {
    // Variables that are set already rule over the file.
    let _ = dotenvy::dotenv();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve => {
            let config = Config::from_env(Env::of_process())?;
            shared::telemetry::logs(config.platform.log_format)?;
            serve::serve(config).await
        }
        Command::Migrate => migrate().await,
        Command::CreateSuperuser(arguments) => commands::create_superuser(arguments).await,
        Command::Reseal => commands::reseal().await,
        Command::SeedDemoData { clear, if_empty } => {
            let mut env = Env::of_process();
            let config = (DatabaseConfig::from_env(&mut env), PlatformConfig::from_env(&mut env));
            demo::seed(&env.finish(config)?, clear, if_empty, Clock::Wall.now()).await
        }
        Command::Openapi => {
            let text = openapi::document().to_pretty_json()?;
            writeln!(std::io::stdout(), "{text}")?;
            Ok(())
        }
        Command::Health => health().await,
    }
}

async fn migrate() -> anyhow::Result<()> {
    let mut env = Env::of_process();
    let config = DatabaseConfig::from_env(&mut env);
    let config = env.finish(config)?;
    let login = config.server_login();
    let run = shared::db::migrate(&config.owner_url, login.as_deref()).await?;
    // Before the first process of this release asks for a job: workers of the old one may meet it.
    let kinds: Vec<_> = shared::kinds::ALL.iter().map(|kind| (kind.name, kind.version)).collect();
    let pool = shared::db::Pool::new(&config.pool())?;
    shared::jobs::announce(&mut *pool.get(shared::db::Scope::Relay).await?, &kinds).await?;
    let mut out = std::io::stdout();
    for name in &run {
        writeln!(out, "migrated {name}")?;
    }
    writeln!(out, "the database is up to date")?;
    Ok(())
}

async fn health() -> anyhow::Result<()> {
    let config = Config::from_env(Env::of_process())?;
    let port = config.internal_listen.port();
    let address = format!("127.0.0.1:{port}");
    shared::telemetry::ask_readiness(&address).await.with_context(|| format!("asking {address}"))
}

/// Exit code 78 (`EX_CONFIG`) for a configuration that is not usable, 1 for everything else.
fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "api: {error:#}");
    ExitCode::from(if error.is::<shared::config::ConfigError>() { 78 } else { 1 })
}
