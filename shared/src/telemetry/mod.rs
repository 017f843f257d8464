//! Logs and metrics, set up once by each binary.

pub mod measures;

use std::time::Duration;

use measures::Program;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Libraries that write down what passes through them when they are asked for details: parameters of
/// statements, passwords of mail servers, signed requests.
const TALKATIVE: [&str; 6] = ["tokio_postgres", "lettre", "aws_smithy_runtime", "aws_sigv4", "aws_sdk_s3", "h2"];

/// How often what was measured is added up.
const UPKEEP: Duration = Duration::from_secs(5);

/// Lets nothing pass that may have a secret in it, whatever `RUST_LOG` asks for.
pub fn discreet() -> FilterFn {
    let is_discreet: fn(&Metadata<'_>) -> bool = |metadata| {
        let target = metadata.target();
        let is_talkative = TALKATIVE.iter().any(|library| target.starts_with(library));
        !is_talkative || *metadata.level() <= Level::INFO
    };
    FilterFn::new(is_discreet)
}

/// Logs go to standard output: JSON lines for machines, or text for a terminal. `RUST_LOG`
/// chooses what is said, as far as it is [`discreet`].
///
/// # Errors
/// Somebody has set up logging before.
pub fn logs(format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,aws_smithy_runtime=warn,hyper=warn,tokio_postgres=warn"));
    let registry = tracing_subscriber::registry().with(filter).with(discreet());
    match format {
        LogFormat::Json => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false),
            )
            .try_init()?,
        LogFormat::Text => registry.with(tracing_subscriber::fmt::layer().compact()).try_init()?,
    }
    Ok(())
}

/// Collects what `program` measures; the handle renders it for Prometheus. Called in a runtime.
///
/// # Errors
/// Somebody has set up metrics before.
pub fn metrics(program: Program) -> anyhow::Result<PrometheusHandle> {
    let handle = measures::with_bounds(PrometheusBuilder::new())?.install_recorder()?;
    measures::begin(program);
    // Whatever is measured is kept until somebody adds it up, and perhaps nobody ever scrapes.
    let sums = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            sums.run_upkeep();
        }
    });
    Ok(handle)
}

/// Asks a server's `/health/ready`, for the health checks of containers, which have no curl.
///
/// # Errors
/// Nobody answers within two seconds, or the answer is another than 200.
pub async fn ask_readiness(address: &str) -> anyhow::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let ask = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(2), ask).await??;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "not ready: {}", answer.lines().next().unwrap_or_default());
    Ok(())
}
