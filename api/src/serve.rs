//! The running server.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use axum::extract::Request;
use axum::serve::ListenerExt;
use axum::{Router, ServiceExt};
use shared::clock::Clock;
use shared::telemetry::measures::Program;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tower::util::MapRequestLayer;
use tower::{Layer, Service};

use crate::app::{App, service};
use crate::config::Config;
use crate::health;
use crate::middleware::address;

/// How long running requests may take to end after a stop signal.
const DRAIN: Duration = Duration::from_secs(25);

/// The service with its addresses in canonical form.
pub fn addressed(
    app: App,
) -> impl Service<Request, Response = axum::response::Response, Error = std::convert::Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    MapRequestLayer::new(address::canonical).layer(service(app))
}

/// Serves until SIGTERM or SIGINT, then lets running requests end.
///
/// # Errors
/// The ports cannot be had, or the configuration cannot be used.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let metrics = shared::telemetry::metrics(Program::Api)?;
    let app = App::new(config, Clock::Wall)?;
    let config = &app.config;
    let public = TcpListener::bind(config.listen).await.with_context(|| format!("listening on {}", config.listen))?;
    let internal = TcpListener::bind(config.internal_listen)
        .await
        .with_context(|| format!("listening on {}", config.internal_listen))?;
    // Before anybody can be told that it serves: until then, a signal ends it at once.
    let mut told_to_stop = Signals::listen()?;
    tracing::info!(address = %public.local_addr()?, internal = %internal.local_addr()?, "Serving");

    let stop = CancellationToken::new();
    let relay =
        tokio::spawn(shared::jobs::relay::run(app.pool.clone(), "api", config.redis.clone(), stop.child_token()));
    let operators = tokio::spawn(run(internal, health::internal(app.clone(), metrics), stop.clone()));
    let live = app.live.clone();
    let people = axum::serve(
        // Events of a stream are small and follow each other: each is sent when it happens.
        public.tap_io(|stream| drop(stream.set_nodelay(true))),
        ServiceExt::<Request>::into_make_service_with_connect_info::<std::net::SocketAddr>(addressed(app)),
    )
    .with_graceful_shutdown(stop.clone().cancelled_owned());
    let people = tokio::spawn(people.into_future());

    told_to_stop.one().await;
    tracing::info!("Stopping: no new requests, running ones may end");
    health::STOPPING.store(true, Ordering::Relaxed);
    stop.cancel();
    // They would last until the patience ends.
    live.close();
    if tokio::time::timeout(DRAIN, people).await.is_err() {
        tracing::warn!("Some requests were broken off");
    }
    relay.abort();
    operators.abort();
    Ok(())
}

async fn run(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// The signals of a person (SIGINT) and of a process manager (SIGTERM).
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for one of them, also one that came meanwhile.
    async fn one(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
