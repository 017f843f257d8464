//! Connections to a mail server, kept for the next mail.
//!
//! lettre's own pool takes a conversation back that was broken off half-way: by a job that was
//! cancelled, ran out of time or lost its claim. The next mail would take the answers to that one
//! for its own, and a refusal could go unnoticed. So they are kept here, and one that is not
//! between two mails is closed.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use lettre::Message;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, response::Response};
use tokio::net::TcpStream;

use super::encrypted::{Encrypted, Protection};

/// Conversations at once with one server.
const MOST: usize = 32;
/// A connection that nobody has used for so long is closed, before the server does it.
const IDLE: Duration = Duration::from_secs(60);

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error(transparent)]
    Smtp(#[from] smtp::Error),
    #[error("the server cannot be reached")]
    Unreachable(#[from] std::io::Error),
    #[error("the conversation took too long")]
    TimedOut,
    #[error("all connections are busy")]
    Busy,
}

/// How a server is reached.
pub(super) struct Server {
    pub(super) address: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    /// For one conversation: connecting, or one mail.
    pub(super) timeout: Duration,
}

/// The connections to one server; opened when they are first wanted. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connections(managed::Pool<Server>);

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connections").field(&self.0.status()).finish()
    }
}

impl Connections {
    pub(super) fn to(server: Server) -> anyhow::Result<Self> {
        let wait = Some(server.timeout);
        let pool = managed::Pool::builder(server).max_size(MOST).runtime(Runtime::Tokio1).wait_timeout(wait).build()?;
        Ok(Self(pool))
    }

    /// Hands a mail in.
    pub(super) async fn send(&self, message: &Message) -> Result<Response, NoAnswer> {
        self.0.retain(|conversation, metrics| conversation.is_between_mails && metrics.last_used() < IDLE);
        let mut conversation = self.0.get().await.map_err(|error| match error {
            managed::PoolError::Backend(error) => error,
            _ => NoAnswer::Busy,
        })?;
        within(self.0.manager().timeout, conversation.send(message)).await
    }
}

/// A connection, and whether the server waits for a mail to begin.
pub(super) struct Conversation {
    connection: AsyncSmtpConnection,
    is_between_mails: bool,
}

impl Conversation {
    async fn send(&mut self, message: &Message) -> Result<Response, smtp::Error> {
        self.is_between_mails = false;
        let answer = self.connection.send(message.envelope(), &message.formatted()).await?;
        self.is_between_mails = true;
        Ok(answer)
    }
}

impl managed::Manager for Server {
    type Type = Conversation;
    type Error = NoAnswer;

    async fn create(&self) -> Result<Conversation, NoAnswer> {
        let connection = within(self.timeout, self.connect()).await?;
        Ok(Conversation { connection, is_between_mails: true })
    }

    async fn recycle(&self, conversation: &mut Conversation, _: &Metrics) -> RecycleResult<NoAnswer> {
        if !conversation.is_between_mails {
            return Err(RecycleError::message("broken off in the middle of a mail"));
        }
        let is_there = tokio::time::timeout(self.timeout, conversation.connection.test_connected()).await;
        if is_there == Ok(true) { Ok(()) } else { Err(RecycleError::message("the server has left")) }
    }
}

impl Server {
    async fn connect(&self) -> Result<AsyncSmtpConnection, NoAnswer> {
        let stream = TcpStream::connect((self.address.as_str(), self.port)).await?;
        // The dot that ends a mail is written by itself. Held back until what is before it is
        // acknowledged, for 40 ms, it would leave the machine also when this process has died
        // meanwhile: a mail that went out and that nobody knows of.
        stream.set_nodelay(true)?;
        let stream: Box<dyn AsyncTokioStream> = match &self.protection {
            Protection::None | Protection::StartTls(_) => Box::new(stream),
            Protection::Tls { connector, certificate } => {
                Box::new(Encrypted::over(stream, connector, certificate.clone()).await?)
            }
        };
        let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await?;
        if let Protection::StartTls(parameters) = &self.protection {
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

/// lettre limits the time for connecting only.
async fn within<T, E: Into<NoAnswer>>(
    patience: Duration,
    talk: impl Future<Output = Result<T, E>>,
) -> Result<T, NoAnswer> {
    tokio::time::timeout(patience, talk).await.map_err(|_| NoAnswer::TimedOut)?.map_err(Into::into)
}
