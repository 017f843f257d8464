//! ClamAV's daemon, by its INSTREAM command: length and bytes, again and again, then its verdict.

use std::time::Duration;

use anyhow::{Context, bail};
use futures::FutureExt;
use futures::future::BoxFuture;
use shared::config::Env;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::antivirus::{Antivirus, Found, Look};

/// For each step of the conversation. Scanning an archive takes a while.
const PATIENCE: Duration = Duration::from_secs(300);
/// Longer than any verdict.
const LONGEST_ANSWER: u64 = 4 * 1024;

/// Where the daemon is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClamdConfig {
    /// `CLAMD_ADDRESS`: host and port.
    pub address: String,
    /// `CLAMAV_MAX_FILE_SIZE`: what is larger is let pass unseen.
    pub largest: i64,
}

impl ClamdConfig {
    /// Reads it; none when no daemon is named.
    pub fn from_env(env: &mut Env) -> Option<Self> {
        let address = env.optional("CLAMD_ADDRESS");
        let (host, port) = (env.optional("CLAMAV_HOST"), env.parsed("CLAMAV_PORT", 3310_u16));
        let largest = env.parsed("CLAMAV_MAX_FILE_SIZE", 100 * 1024 * 1024);
        let address = address.or_else(|| host.map(|host| format!("{host}:{port}")))?;
        Some(Self { address, largest })
    }
}

/// The daemon.
#[derive(Debug)]
pub struct Clamd(ClamdConfig);

impl Clamd {
    /// Nothing is connected yet.
    pub const fn new(config: ClamdConfig) -> Self {
        Self(config)
    }
}

impl Antivirus for Clamd {
    fn largest(&self) -> i64 {
        self.0.largest
    }

    fn begin(&self) -> BoxFuture<'_, anyhow::Result<Box<dyn Look>>> {
        async move {
            let begin = async {
                let mut socket = TcpStream::connect(&self.0.address).await?;
                socket.write_all(b"zINSTREAM\0").await?;
                anyhow::Ok(socket)
            };
            let socket = tokio::time::timeout(PATIENCE, begin).await.context("clamd does not answer")?;
            let socket = socket.with_context(|| format!("speaking to clamd at {}", self.0.address))?;
            let look: Box<dyn Look> = Box::new(Conversation { socket, is_cut_off: false });
            Ok(look)
        }
        .boxed()
    }
}

struct Conversation {
    socket: TcpStream,
    /// The daemon has hung up; why, its answer says.
    is_cut_off: bool,
}

impl Conversation {
    async fn write(&mut self, piece: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(piece.len()).map_err(std::io::Error::other)?;
        self.socket.write_all(&length.to_be_bytes()).await?;
        self.socket.write_all(piece).await
    }
}

impl Look for Conversation {
    fn show<'a>(&'a mut self, piece: &'a [u8]) -> BoxFuture<'a, anyhow::Result<()>> {
        async move {
            // An empty piece would be the end.
            if piece.is_empty() || self.is_cut_off {
                return Ok(());
            }
            let written =
                tokio::time::timeout(PATIENCE, self.write(piece)).await.context("clamd takes nothing more")?;
            self.is_cut_off = written.is_err();
            Ok(())
        }
        .boxed()
    }

    fn finish(mut self: Box<Self>) -> BoxFuture<'static, anyhow::Result<Found>> {
        async move {
            if !self.is_cut_off {
                // When this fails the daemon has hung up as well, and its answer says why.
                let _ = self.socket.write_all(&0_u32.to_be_bytes()).await;
            }
            let mut answer = Vec::new();
            let mut said = (&mut self.socket).take(LONGEST_ANSWER);
            let read =
                tokio::time::timeout(PATIENCE, said.read_to_end(&mut answer)).await.context("clamd has no verdict")?;
            if answer.is_empty() {
                read.context("reading clamd's verdict")?;
            }
            verdict(String::from_utf8_lossy(&answer).trim_end_matches(['\0', '\n']))
        }
        .boxed()
    }
}

/// `stream: OK`, `stream: Eicar-Test-Signature FOUND`, or an error.
fn verdict(answer: &str) -> anyhow::Result<Found> {
    if answer.contains("size limit exceeded") {
        return Ok(Found::TooLarge);
    }
    let said = answer.strip_prefix("stream: ").unwrap_or(answer);
    if said == "OK" {
        return Ok(Found::Nothing);
    }
    match said.strip_suffix(" FOUND") {
        Some(name) => Ok(Found::Virus(name.to_owned())),
        None => bail!("clamd said `{answer}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_ok_lets_a_file_pass() {
        assert_eq!(verdict("stream: OK").ok(), Some(Found::Nothing));
        assert_eq!(
            verdict("stream: Eicar-Test-Signature FOUND").ok(),
            Some(Found::Virus("Eicar-Test-Signature".to_owned()))
        );
        assert_eq!(verdict("INSTREAM size limit exceeded. ERROR").ok(), Some(Found::TooLarge));
        for trouble in ["", "stream: Can't allocate memory ERROR", "UNKNOWN COMMAND", "stream: NOT OK"] {
            assert!(verdict(trouble).is_err(), "{trouble}");
        }
    }
}
