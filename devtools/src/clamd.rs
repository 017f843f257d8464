//! A virus scanner: speaks the protocol of ClamAV's daemon and knows one virus, which is none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// In two pieces, so that this program is not taken for one.
const EICAR: [&str; 2] = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*"];

/// A running scanner, stopped when dropped.
pub struct Clamd {
    address: SocketAddr,
    scanned: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Clamd {
    /// Listens on `listen`, where port 0 means any free one. Like the real one it looks at streams
    /// of `stream_max_length` bytes at most.
    pub async fn start(listen: SocketAddr, stream_max_length: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let scanned = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&scanned);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let counter = Arc::clone(&counter);
                tokio::spawn(async move {
                    if let Err(error) = answer(socket, stream_max_length, &counter).await {
                        tracing::debug!(%error, "a conversation with the scanner ended");
                    }
                });
            }
        });
        Ok(Self { address, scanned, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many streams it has judged.
    pub fn scanned(&self) -> usize {
        self.scanned.load(Ordering::Relaxed)
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One command a connection, as without a session. `z` commands end with NUL, `n` ones with a line.
async fn answer(mut socket: TcpStream, most: usize, scanned: &AtomicUsize) -> anyhow::Result<()> {
    let end = match socket.read_u8().await? {
        b'z' => 0,
        b'n' => b'\n',
        other => bail!("no command begins with {other}"),
    };
    let mut command = Vec::new();
    loop {
        match socket.read_u8().await? {
            byte if byte == end => break,
            byte if command.len() < 64 => command.push(byte),
            _ => bail!("no command is that long"),
        }
    }
    let mut said = match command.as_slice() {
        b"PING" => "PONG".to_owned(),
        b"INSTREAM" => {
            let said = verdict(&mut socket, most).await?;
            scanned.fetch_add(1, Ordering::Relaxed);
            said
        }
        _ => "UNKNOWN COMMAND".to_owned(),
    }
    .into_bytes();
    said.push(end);
    socket.write_all(&said).await?;
    socket.shutdown().await?;
    Ok(())
}

/// Reads chunks, each behind its length, until one of none.
async fn verdict(socket: &mut TcpStream, most: usize) -> anyhow::Result<String> {
    let mut stream = Vec::new();
    loop {
        let length = usize::try_from(socket.read_u32().await?)?;
        if length == 0 {
            break;
        }
        if stream.len() + length > most {
            return Ok("INSTREAM size limit exceeded. ERROR".to_owned());
        }
        let before = stream.len();
        stream.resize(before + length, 0);
        if let Some(chunk) = stream.get_mut(before..) {
            socket.read_exact(chunk).await?;
        }
    }
    let virus = EICAR.concat();
    let is_infected = stream.windows(virus.len()).any(|window| window == virus.as_bytes());
    Ok(if is_infected { "stream: Eicar-Test-Signature FOUND" } else { "stream: OK" }.to_owned())
}
