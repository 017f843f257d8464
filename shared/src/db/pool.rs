//! Connections that act for somebody.
//!
//! There is no way to get a bare connection: whoever takes one says in which scope it works, and
//! the scope is a role of the database plus, for a tenant, the id that row-level security compares.
//! A pooled connection remembers its scope and is told the next one only when it differs. With the
//! scope goes who acts, for the audit log.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, QueueMode, RecycleError, RecycleResult};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures::FutureExt;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Acting;
use crate::ids::TenantId;

/// How long a server is believed to be one that may be written.
const BELIEVED: Duration = Duration::from_secs(1);
/// One row if it may, none if not.
pub(crate) const MAY_BE_WRITTEN: &str = "select 1 where current_setting('transaction_read_only') = 'off'";

/// For whom a connection works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Sees and changes the rows of one tenant only.
    Tenant(TenantId),
    /// Sees the few tables that are open across tenants: signing in, a superuser's lists,
    /// verifying a certificate. Every place that takes it is listed in
    /// `shared/tests/it/architecture.rs`.
    Platform,
    /// Sees the job tables of all tenants and nothing else.
    Relay,
}

impl Scope {
    fn role(self) -> &'static str {
        match self {
            Self::Tenant(_) => "lms_app",
            Self::Platform => "lms_platform",
            Self::Relay => "lms_relay",
        }
    }

    /// The scope of a job or a request: a tenant's, or the platform's own.
    pub fn of(tenant: Option<TenantId>) -> Self {
        match tenant {
            Some(tenant) if tenant != TenantId::PLATFORM => Self::Tenant(tenant),
            _ => Self::Platform,
        }
    }
}

/// How a pool is set up.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// `postgres://…`; `sslmode=require` and `verify-full` both check the server's certificate.
    pub url: String,
    /// Connections at most.
    pub size: usize,
    /// How long a caller waits for a free connection.
    pub wait: Duration,
    /// How long making a connection may take.
    pub connect: Duration,
    /// Statements running longer are cancelled by the server.
    pub statement_timeout: Duration,
    /// Whether its holder does jobs. What a request asks for is refused when too much waits
    /// already; what a job asks for is not.
    pub does_jobs: bool,
}

impl PoolSettings {
    /// Sixteen connections, two seconds of patience.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            size: 16,
            wait: Duration::from_secs(2),
            connect: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            does_jobs: false,
        }
    }
}

/// No connection could be had.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// All connections were busy for as long as we are willing to wait.
    #[error("all database connections are busy")]
    Busy,
    /// The server is away or refuses us.
    #[error("the database cannot be reached")]
    Unreachable(#[source] anyhow::Error),
}

/// A pool of connections.
#[derive(Clone)]
pub struct Pool(managed::Pool<Manager>);

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pool").field(&self.0.status()).finish()
    }
}

impl Pool {
    /// Makes a pool; connections are opened when they are first wanted.
    ///
    /// # Errors
    /// The URL is not one, or the system's certificates cannot be read.
    pub fn new(settings: &PoolSettings) -> anyhow::Result<Self> {
        let manager = Manager::new(settings)?;
        let pool = managed::Pool::builder(manager)
            .max_size(settings.size)
            // Few connections that know our statements, rather than all in turn.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(settings.wait))
            .create_timeout(Some(settings.connect))
            .recycle_timeout(Some(Duration::from_secs(2)))
            .build()?;
        Ok(Self(pool))
    }

    /// A connection that works in `scope`, for nobody in particular.
    ///
    /// # Errors
    /// See [`PoolError`].
    pub async fn get(&self, scope: Scope) -> Result<ScopedConn, PoolError> {
        self.get_for(scope, &Acting::nobody()).await
    }

    /// A connection that works in `scope`, and whose changes are `acting`'s in the audit log.
    ///
    /// # Errors
    /// See [`PoolError`].
    pub async fn get_for(&self, scope: Scope, acting: &Acting) -> Result<ScopedConn, PoolError> {
        let asked = Instant::now();
        let taken = self.0.get().await;
        // A server that is away is another trouble than a pool that is full.
        if matches!(taken, Ok(_) | Err(managed::PoolError::Timeout(managed::TimeoutType::Wait))) {
            metrics::histogram!("db_pool_wait_seconds").record(asked.elapsed());
        }
        let mut object = taken.map_err(|error| match error {
            managed::PoolError::Timeout(managed::TimeoutType::Wait) => PoolError::Busy,
            managed::PoolError::Backend(error) => PoolError::Unreachable(error),
            other => PoolError::Unreachable(anyhow::anyhow!("{other}")),
        })?;
        if object.scope != Some(scope) {
            // Forgotten first: if the statement fails or this future is dropped half-way, the next
            // taker must not believe in a scope that may not have been reached.
            object.scope = None;
            enter(&mut object.conn, scope, acting).await.map_err(|error| PoolError::Unreachable(error.into()))?;
            object.scope = Some(scope);
            object.acting = acting.clone();
        } else if object.acting != *acting {
            object.acting = acting.clone();
            say_who(&mut object.conn, acting);
        }
        Ok(ScopedConn(object))
    }

    /// A connection of its own, outside the pool, for who must hold one for long: a lock, or LISTEN.
    ///
    /// # Errors
    /// See [`PoolError`].
    pub async fn dedicated(&self, scope: Scope) -> Result<AsyncPgConnection, PoolError> {
        let mut session = managed::Manager::create(self.0.manager()).await.map_err(PoolError::Unreachable)?;
        let nobody = Acting::nobody();
        enter(&mut session.conn, scope, &nobody).await.map_err(|error| PoolError::Unreachable(error.into()))?;
        Ok(session.conn)
    }

    /// Connections in use and waiting callers, for the metrics.
    pub fn load(&self) -> (usize, usize) {
        let status = self.0.status();
        (status.size.saturating_sub(status.available), status.waiting)
    }
}

async fn enter(conn: &mut AsyncPgConnection, scope: Scope, acting: &Acting) -> Result<(), diesel::result::Error> {
    let tenant = match scope {
        Scope::Tenant(tenant) => tenant.to_string(),
        Scope::Platform | Scope::Relay => String::new(),
    };
    // The relay never wants all jobs. The planner believes it does: under row-level security it may
    // not use what it knows of states, and takes half of the jobs to be in each.
    let reads_through = if scope == Scope::Relay { "off" } else { "on" };
    conn.batch_execute(&format!(
        "select set_config('role', '{}', false), set_config('app.tenant_id', '{tenant}', false), \
         set_config('enable_seqscan', '{reads_through}', false), {}",
        scope.role(),
        acting.settings()
    ))
    .await
}

/// Sends the settings ahead of the first statement, without waiting for their answer: what is
/// written to a connection is done in that order, so this costs no round trip. The one poll writes
/// them; if the connection is lost, the statement behind them finds that out.
fn say_who(conn: &mut AsyncPgConnection, acting: &Acting) {
    let _ = conn.batch_execute(&format!("select {}", acting.settings())).now_or_never();
}

/// A connection of the pool, in a scope. Goes back when dropped.
pub struct ScopedConn(managed::Object<Manager>);

impl std::fmt::Debug for ScopedConn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ScopedConn").field(&self.0.scope).finish()
    }
}

impl ScopedConn {
    /// What is changed from now on is `acting`'s in the audit log.
    pub fn act_for(&mut self, acting: &Acting) {
        if self.0.acting != *acting {
            self.0.acting = acting.clone();
            say_who(&mut self.0.conn, acting);
        }
    }
}

impl Deref for ScopedConn {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &Self::Target {
        &self.0.conn
    }
}

impl DerefMut for ScopedConn {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0.conn
    }
}

struct Session {
    conn: AsyncPgConnection,
    /// When its server was asked last whether it may be written.
    asked: Instant,
    scope: Option<Scope>,
    acting: Acting,
}

struct Manager {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

impl Manager {
    fn new(settings: &PoolSettings) -> anyhow::Result<Self> {
        let mut config: tokio_postgres::Config = settings.url.parse()?;
        config.connect_timeout(Duration::from_secs(5));
        // A server that has vanished without a word is noticed in seconds, and not after the hours
        // that systems wait by themselves.
        config.tcp_user_timeout(Duration::from_secs(15));
        config
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        config.application_name("lms");
        // Compiling a plan takes longer than any of our statements runs.
        let does_jobs = if settings.does_jobs { "on" } else { "off" };
        config.options(format!(
            "-c statement_timeout={} -c jit=off -c app.does_jobs={does_jobs}",
            settings.statement_timeout.as_millis()
        ));
        let tls = match config.get_ssl_mode() {
            SslMode::Disable | SslMode::Prefer => None,
            _ => Some(MakeRustlsConnect::new(crate::tls::client()?)),
        };
        Ok(Self { config, tls })
    }
}

impl managed::Manager for Manager {
    type Type = Session;
    type Error = anyhow::Error;

    async fn create(&self) -> Result<Session, Self::Error> {
        let conn = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await?
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await?
            }
        };
        #[cfg(feature = "testing")]
        let conn = crate::testing::counting(conn);
        Ok(Session { conn, asked: Instant::now(), scope: None, acting: Acting::nobody() })
    }

    /// Mostly costs no round trip: the client knows when its connection is gone, and a transaction
    /// that was dropped half-way is never handed on. Now and then the server is asked whether it may
    /// be written: after a failover it may be another's copy, and the address leads to that other.
    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Self::Error> {
        if session.conn.is_broken() {
            return Err(RecycleError::message("connection lost"));
        }
        if session.asked.elapsed() >= BELIEVED {
            let may_be_written = diesel::sql_query(MAY_BE_WRITTEN).execute(&mut session.conn).await;
            if may_be_written.map_err(|error| RecycleError::Backend(error.into()))? == 0 {
                return Err(RecycleError::message("its server may not be written"));
            }
            session.asked = Instant::now();
        }
        Ok(())
    }
}
