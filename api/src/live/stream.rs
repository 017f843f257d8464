//! One stream, from the first look to its end.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use shared::db::{Conn, Pool, Scope};
use shared::ids::{SessionId, TenantId};
use shared::live::Topic;
use shared::users::{Session, UserRole};
use tokio::time::Instant;

use super::hub::Watch;
use crate::access::Caller;
use crate::app::App;
use crate::http::{ApiError, ApiResult};

/// How often a silent stream says that it lives, so that proxies keep it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a client that was cut off comes back.
const RETRY: Duration = Duration::from_secs(2);

/// What a look has found.
#[derive(Debug, Default)]
pub struct Seen {
    /// What the client has not seen yet, oldest first; each with an id, by which it reads on.
    pub events: Vec<Event>,
    /// Nothing will come after these.
    pub is_last: bool,
}

/// What a stream shows.
pub trait Show: Send + 'static {
    /// What it depends on.
    fn topic(&self) -> Topic;

    /// Looks at how things are now. `conn` is in the caller's scope. An error before the stream
    /// begins is the answer; later it ends the stream, and the client comes back to be told.
    fn look(&mut self, conn: &mut Conn) -> impl Future<Output = ApiResult<Seen>> + Send;
}

/// Shows `show` to `caller` until it is over, or their session is.
///
/// Who has seen everything that will ever be is answered 204, on which browsers stop asking.
///
/// # Errors
/// Too many streams are open; or what the first look says.
pub async fn stream<S: Show>(app: &App, caller: &Caller, mut show: S) -> ApiResult<Response> {
    // Watching begins before looking: nothing falls between the two.
    let watch = app
        .live
        .watch(caller.user, show.topic(), Topic::Session(caller.session))
        .map_err(|_| ApiError::TooMany { retry_after_seconds: 10 })?;
    let seen = show.look(&mut *app.pool.get(Scope::of(caller.tenant)).await?).await?;
    if seen.is_last && seen.events.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let recheck = app.live.settings().recheck;
    let mut waiting = VecDeque::from(seen.events);
    waiting.push_front(Event::default().retry(RETRY));
    let running = Running {
        app: app.clone(),
        reader: Reader::from(caller),
        watch,
        show,
        waiting,
        is_last: seen.is_last,
        recheck_at: Instant::now() + recheck,
    };
    let events = futures::stream::unfold(running, Running::next);
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // nginx would hold events back to fill its buffers.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Who reads, as they were when the stream began. Whoever has become somebody else since comes
/// back and is judged anew.
#[derive(Debug, Clone, Copy)]
struct Reader {
    session: SessionId,
    home: Option<TenantId>,
    tenant: Option<TenantId>,
    role: UserRole,
    is_superuser: bool,
}

impl From<&Caller> for Reader {
    fn from(caller: &Caller) -> Self {
        Self {
            session: caller.session,
            home: caller.person.tenant_id,
            tenant: caller.tenant,
            role: caller.person.role,
            is_superuser: caller.is_superuser,
        }
    }
}

impl Reader {
    /// Asked by the stream alone: nobody goes on with it while its client does not read, so nobody
    /// may wait for it.
    async fn may_go_on(&self, pool: &Pool, now: DateTime<Utc>) -> ApiResult<bool> {
        let mut conn = pool.get(Scope::of(self.home)).await?;
        let signed_in = Session::signed_in(&mut conn, &[self.session], now).await?.pop();
        Ok(signed_in.is_some_and(|signed_in| {
            signed_in.user.role == self.role && signed_in.user.is_superuser == self.is_superuser
        }))
    }
}

struct Running<S> {
    app: App,
    reader: Reader,
    watch: Watch,
    show: S,
    waiting: VecDeque<Event>,
    is_last: bool,
    recheck_at: Instant,
}

/// Why a stream wakes up.
enum Woken {
    Changed,
    SessionDoubtful,
    Closing,
}

impl<S: Show> Running<S> {
    /// The next event, and what comes after it; none when the stream is over.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((Ok(event), self));
            }
            if self.is_last || !self.go_on().await {
                return None;
            }
        }
    }

    /// Waits, and looks; says whether the stream goes on.
    async fn go_on(&mut self) -> bool {
        let woken = tokio::select! {
            () = self.watch.changed() => Woken::Changed,
            () = self.watch.session_ended() => Woken::SessionDoubtful,
            () = tokio::time::sleep_until(self.recheck_at) => Woken::SessionDoubtful,
            () = self.watch.closing() => Woken::Closing,
        };
        let looked = match woken {
            Woken::Closing => return false,
            Woken::Changed => self.look().await.map(|()| true),
            Woken::SessionDoubtful => self.recheck().await,
        };
        looked.unwrap_or_else(|error| {
            tracing::warn!("A stream ends, and its client will come back: {error:?}");
            false
        })
    }

    async fn recheck(&mut self) -> ApiResult<bool> {
        self.recheck_at = Instant::now() + self.app.live.settings().recheck;
        if !self.reader.may_go_on(&self.app.pool, self.app.clock.now()).await? {
            return Ok(false);
        }
        // Also for what nobody was told of.
        self.look().await.map(|()| true)
    }

    async fn look(&mut self) -> ApiResult<()> {
        let seen = self.show.look(&mut *self.app.pool.get(Scope::of(self.reader.tenant)).await?).await?;
        self.waiting.extend(seen.events);
        self.is_last = seen.is_last;
        Ok(())
    }
}
