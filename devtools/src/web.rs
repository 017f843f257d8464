//! Serving a router on a socket of its own, for as long as a value lives.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A router that is being served. Dropping it closes the socket and lets requests that are
/// under way finish.
pub struct WebServer {
    address: SocketAddr,
    /// Never sent on: that it is dropped is the signal.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl WebServer {
    /// Listens on `listen`, where port 0 means any free one, and serves `router` there.
    pub async fn start(listen: SocketAddr, router: Router) -> anyhow::Result<Self> {
        let listener = bind(listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            if let Err(error) = served.await {
                tracing::error!(%address, %error, "serving ended");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops, and waits until the requests under way are answered, but no longer than `limit`.
    pub async fn stop(self, limit: Duration) {
        drop(self.stop);
        if tokio::time::timeout(limit, self.task).await.is_err() {
            tracing::warn!(address = %self.address, "stopped with requests under way");
        }
    }
}

/// Binds, and says which address it was when that fails.
pub(crate) async fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))
}
