//! A network between two programs, and what networks do: they are slow, they stop without a word,
//! they cut connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::web;

/// A way to a server over TCP. Dropping it cuts every connection.
pub struct Proxy {
    address: SocketAddr,
    target: watch::Sender<SocketAddr>,
    weather: watch::Sender<Weather>,
    traffic: Arc<Traffic>,
    listener: JoinHandle<()>,
}

/// What befalls whatever is on its way.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    latency: Duration,
    is_stalled: bool,
    /// Every so many pieces of data, one takes its connection with it; never, when 0.
    break_each: u64,
    /// Goes up when the connections of the time are cut.
    cut: u64,
}

#[derive(Debug, Default)]
struct Traffic {
    pieces: AtomicU64,
    open: AtomicUsize,
    broken: AtomicUsize,
}

impl Proxy {
    /// Listens on a free port, and carries everything to `target`.
    pub async fn start(target: SocketAddr) -> anyhow::Result<Self> {
        let listener = web::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let weather = watch::Sender::new(Weather::default());
        let traffic = Arc::new(Traffic::default());
        let (target, way) = watch::channel(target);
        let (forecast, counted) = (weather.clone(), Arc::clone(&traffic));
        let listener = tokio::spawn(async move {
            // The set is what ends the connections when this task is aborted.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((client, _)) => {
                            connections.spawn(connect(client, *way.borrow(), forecast.subscribe(), Arc::clone(&counted)));
                        }
                        Err(error) => tracing::warn!(%error, "cannot accept a connection"),
                    },
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { address, target, weather, traffic, listener })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads to another server from now on, as an address does after a failover. Connections that are
    /// open stay with the old one.
    pub fn lead_to(&self, target: SocketAddr) {
        self.target.send_replace(target);
    }

    /// Delays every piece of data, both ways.
    pub fn delay(&self, latency: Duration) {
        self.weather.send_modify(|weather| weather.latency = latency);
    }

    /// Carries nothing any more. Connections stay open and new ones are accepted: nobody is told.
    pub fn stall(&self) {
        self.weather.send_modify(|weather| weather.is_stalled = true);
    }

    /// Carries again, also what has waited.
    pub fn flow(&self) {
        self.weather.send_modify(|weather| weather.is_stalled = false);
    }

    /// Resets all connections of the moment; says how many there were.
    pub fn reset(&self) -> usize {
        let open = self.traffic.open.load(Ordering::Relaxed);
        self.weather.send_modify(|weather| weather.cut += 1);
        open
    }

    /// From now on every `pieces`th piece of data is lost, and its connection with it; 0 ends that.
    pub fn break_each(&self, pieces: u64) {
        self.weather.send_modify(|weather| weather.break_each = pieces);
    }

    /// Connections that were broken by [`break_each`](Self::break_each) or [`reset`](Self::reset).
    pub fn broken(&self) -> usize {
        self.traffic.broken.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn connect(client: TcpStream, target: SocketAddr, weather: watch::Receiver<Weather>, traffic: Arc<Traffic>) {
    // A target that is away: the client sees its connection closed, as behind a real proxy.
    let Ok(server) = TcpStream::connect(target).await else { return };
    traffic.open.fetch_add(1, Ordering::Relaxed);
    carry(client, server, weather, &traffic).await;
    traffic.open.fetch_sub(1, Ordering::Relaxed);
}

async fn carry(mut client: TcpStream, mut server: TcpStream, weather: watch::Receiver<Weather>, traffic: &Traffic) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let is_broken = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let mut cuts = weather.clone();
        let cut = weather.borrow().cut;
        let both_ways = async {
            tokio::try_join!(
                pump(from_client, to_server, weather.clone(), traffic),
                pump(from_server, to_client, weather.clone(), traffic)
            )
        };
        tokio::select! {
            ended = both_ways => ended.is_err(),
            _ = cuts.wait_for(|weather| weather.cut != cut) => true,
        }
    };
    if is_broken {
        traffic.broken.fetch_add(1, Ordering::Relaxed);
        // What is closed with data under way and no patience is a reset.
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

/// Carries one way, until the sender has ended. An error is a connection that broke.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut weather: watch::Receiver<Weather>,
    traffic: &Traffic,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        let Some(piece) = buffer.get(..length).filter(|piece| !piece.is_empty()) else {
            return to.shutdown().await;
        };
        let number = traffic.pieces.fetch_add(1, Ordering::Relaxed) + 1;
        let now = match weather.wait_for(|weather| !weather.is_stalled).await {
            Ok(now) => *now,
            Err(_) => return Ok(()), // The proxy is no more.
        };
        if now.break_each > 0 && number.is_multiple_of(now.break_each) {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        tokio::time::sleep(now.latency).await;
        to.write_all(piece).await?;
    }
}
