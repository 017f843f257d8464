//! The database, as a handler gets it: in the caller's scope, and one connection only while it asks.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use shared::db::{Acting, Conn, Pool, Scope, ScopedConn};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{ApiError, ApiResult};
use crate::access::Caller;
use crate::app::App;
use crate::middleware::request_id;

/// The transaction in which a request with an `Idempotency-Key` runs: its effects and its stored
/// answer are committed together.
#[derive(Debug, Clone)]
pub struct RequestTransaction(pub Arc<Mutex<ScopedConn>>);

/// Who is behind the changes that a request makes. Reading changes nothing, so it names nobody, and
/// its connections need not be told.
pub fn acting(parts: &Parts) -> Acting {
    if parts.method.is_safe() {
        return Acting::nobody();
    }
    Acting::request(parts.extensions.get::<Caller>().map(|caller| caller.user), &request_id::current())
}

/// The database in the caller's tenant. Comes after `Can<…>` in a signature, because it takes the
/// scope from the caller.
#[derive(Debug, Clone)]
pub struct Db {
    pool: Pool,
    scope: Scope,
    acting: Acting,
    transaction: Option<RequestTransaction>,
}

impl Db {
    /// A connection. Give it back (drop it) before doing anything slow.
    pub async fn conn(&self) -> ApiResult<DbConn> {
        Ok(match &self.transaction {
            Some(RequestTransaction(conn)) => DbConn::Shared(Arc::clone(conn).lock_owned().await),
            None => DbConn::Own(Box::new(self.pool.get_for(self.scope, &self.acting).await?)),
        })
    }
}

impl<S> FromRequestParts<S> for Db
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // No caller: the handler's signature lacks its `Can<…>`. Nobody gets a connection by that.
        let caller = parts.extensions.get::<Caller>().ok_or_else(ApiError::signed_out)?;
        Ok(Self {
            pool: App::from_ref(state).pool.clone(),
            scope: Scope::of(caller.tenant),
            acting: acting(parts),
            transaction: parts.extensions.get().cloned(),
        })
    }
}

/// The database where the caller's own rows are: in their tenant or, for a superuser, across
/// tenants, whichever they have picked.
#[derive(Debug, Clone)]
pub struct HomeDb(Db);

impl HomeDb {
    /// A connection. Give it back (drop it) before doing anything slow.
    pub async fn conn(&self) -> ApiResult<DbConn> {
        self.0.conn().await
    }
}

impl<S> FromRequestParts<S> for HomeDb
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().ok_or_else(ApiError::signed_out)?;
        let (home, picked) = (caller.person.tenant_id, caller.tenant);
        let db = Db::from_request_parts(parts, state).await?;
        // The request's transaction is in the tenant that was picked.
        let transaction = db.transaction.filter(|_| home == picked);
        Ok(Self(Db { scope: Scope::of(home), transaction, ..db }))
    }
}

/// The database across tenants, for the few open endpoints and a superuser's lists.
#[derive(Debug, Clone)]
pub struct PlatformDb(Pool, Acting);

impl PlatformDb {
    /// A connection.
    pub async fn conn(&self) -> ApiResult<ScopedConn> {
        Ok(self.0.get_for(Scope::Platform, &self.1).await?)
    }
}

impl<S> FromRequestParts<S> for PlatformDb
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(App::from_ref(state).pool.clone(), acting(parts)))
    }
}

/// A connection: one's own, or the request's transaction.
#[derive(Debug)]
pub enum DbConn {
    /// From the pool.
    Own(Box<ScopedConn>),
    /// The request's.
    Shared(OwnedMutexGuard<ScopedConn>),
}

impl Deref for DbConn {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        match self {
            Self::Own(conn) => conn,
            Self::Shared(conn) => conn,
        }
    }
}

impl DerefMut for DbConn {
    fn deref_mut(&mut self) -> &mut Conn {
        match self {
            Self::Own(conn) => conn,
            Self::Shared(conn) => conn,
        }
    }
}
