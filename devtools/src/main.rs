//! The neighbours of the LMS as one program, for `./lms up`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser};
use devtools::mail::MailSink;
use devtools::openai::OpenAiServer;
use devtools::s3::S3Server;
use devtools::web::WebServer;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Servers that development needs beside PostgreSQL and Redis.
#[derive(Parser)]
enum Command {
    /// Serves what a listen address is given for, until SIGTERM or SIGINT.
    Serve(Serve),
    /// Measures the API; `./lms bench` gives it what it needs.
    Bench(devtools::bench::Bench),
}

#[derive(Args)]
struct Serve {
    /// Object storage: where to listen.
    #[arg(long, requires_all = ["s3_data", "access_key", "secret_key"])]
    s3_listen: Option<SocketAddr>,
    /// The directory that holds the objects.
    #[arg(long)]
    s3_data: Option<PathBuf>,
    /// A bucket to have in place; may be repeated.
    #[arg(long)]
    bucket: Vec<String>,
    #[arg(long, env = "AWS_ACCESS_KEY_ID")]
    access_key: Option<String>,
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_key: Option<String>,
    /// Mail: where to listen for SMTP.
    #[arg(long)]
    smtp_listen: Option<SocketAddr>,
    /// The directory that keeps the mail; without it, mail is forgotten at the end.
    #[arg(long)]
    mail_dir: Option<PathBuf>,
    /// Where to show the mail.
    #[arg(long, requires = "smtp_listen")]
    inbox_listen: Option<SocketAddr>,
    /// The OpenAI-like service: where to listen.
    #[arg(long)]
    ai_listen: Option<SocketAddr>,
}

/// How long a server's requests may take once we are told to stop.
const GRACE: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Command::parse() {
        Command::Serve(serve) => serve.run().await,
        Command::Bench(bench) => devtools::bench::run(bench).await,
    }
}

impl Serve {
    async fn run(self) -> anyhow::Result<()> {
        // Before anything listens, so that no signal finds us without a handler.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;

        let storage = match self.s3_listen {
            Some(listen) => Some(self.storage(listen).await?),
            None => None,
        };
        let mail = match self.smtp_listen {
            Some(listen) => Some(MailSink::start(listen, self.mail_dir).await?),
            None => None,
        };
        let inbox = match (self.inbox_listen, &mail) {
            (Some(listen), Some(mail)) => Some(WebServer::start(listen, mail.inbox()).await?),
            _ => None,
        };
        let ai = match self.ai_listen {
            Some(listen) => Some(OpenAiServer::start(listen, None).await?),
            None => None,
        };
        tracing::info!(
            storage = storage.as_ref().map(S3Server::endpoint),
            smtp = mail.as_ref().map(|mail| mail.address().to_string()),
            inbox = inbox.as_ref().map(|inbox| inbox.address().to_string()),
            ai = ai.as_ref().map(OpenAiServer::base_url),
            "listening",
        );

        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if let Some(server) = inbox {
            server.stop(GRACE).await;
        }
        if let Some(server) = ai {
            server.stop(GRACE).await;
        }
        if let Some(server) = storage {
            server.stop(GRACE).await;
        }
        Ok(())
    }

    async fn storage(&self, listen: SocketAddr) -> anyhow::Result<S3Server> {
        let data = self.s3_data.as_deref().context("--s3-data is missing")?;
        let access_key = self.access_key.as_deref().context("--access-key is missing")?;
        let secret_key = self.secret_key.as_deref().context("--secret-key is missing")?;
        let buckets: Vec<&str> = self.bucket.iter().map(String::as_str).collect();
        S3Server::start(listen, data, access_key, secret_key, &buckets).await
    }
}
