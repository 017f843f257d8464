//! What every handler may use, and the service put together.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use shared::clock::Clock;
use shared::db::Pool;
use shared::secret::{TokenSeal, Vault};
use shared::storage::Storage;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;

use crate::access::{SessionLoader, TokenKeys};
use crate::auth::Passwords;
use crate::config::Config;
use crate::files::Slots;
use crate::http::tell_every_error_alike;
use crate::live::Live;
use crate::middleware::{idempotency, limits, log, request_id, tags};
use crate::router;

/// What every handler may use. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

/// The parts of [`App`].
#[derive(Debug)]
pub struct Parts {
    /// As read from the environment.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// The database.
    pub pool: Pool,
    /// The object store, for signing links.
    pub storage: Storage,
    /// The keys of access tokens.
    pub tokens: TokenKeys,
    /// Finds out who is calling.
    pub sessions: SessionLoader,
    /// Hashing, a few at a time.
    pub passwords: Passwords,
    /// Room for the uploads that are received at once.
    pub uploads: Slots,
    /// Makes and opens the tokens that name a row: refreshing, links in mails.
    pub seal: TokenSeal,
    /// Seals what is kept encrypted.
    pub vault: Vault,
    /// The streams that clients wait at.
    pub live: Live,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the parts together. Nothing is connected yet.
    ///
    /// # Errors
    /// The database's address or the store's cannot be used.
    pub fn new(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let pool = Pool::new(&config.database.pool()).context("setting up the database pool")?;
        Self::with_pool(config, clock, pool)
    }

    /// As [`App::new`], over a pool that is there already.
    ///
    /// # Errors
    /// No key can be derived from `SECRET_KEY`, which never happens in practice.
    pub fn with_pool(config: Config, clock: Clock, pool: Pool) -> anyhow::Result<Self> {
        let parts = Parts {
            storage: Storage::new(&config.storage),
            tokens: TokenKeys::new(&config.jwt_secret),
            sessions: SessionLoader::new(pool.clone()),
            passwords: Passwords::new(),
            uploads: Slots::default(),
            seal: TokenSeal::new(&config.platform.secret_key),
            vault: config.platform.vault()?,
            live: Live::new(pool.clone(), config.live),
            config,
            clock,
            pool,
        };
        Ok(Self(Arc::new(parts)))
    }
}

/// The whole public service, but for the rewriting of addresses, which must come before routing.
pub fn service(app: App) -> Router {
    let (routes, _) = router::routes().split_for_parts();
    surrounded(app, routes.merge(router::pages()).fallback(router::unknown), limits::LONGEST)
}

/// Routes, and around each of them what is around every request. What takes longer than `longest` is
/// broken off.
pub fn surrounded(app: App, routes: Router<App>, longest: Duration) -> Router {
    // Outermost first. One stack and not one layer after the other: each layer of a router is a box
    // around every route, and a request makes a copy of all boxes that are still before it.
    let around = ServiceBuilder::new()
        .layer(from_fn(request_id::give))
        .layer(from_fn(log::request))
        .layer(map_response(guarded))
        .layer(cors(&app.config))
        .layer(map_response(tell_every_error_alike))
        .map_response(IntoResponse::into_response)
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(from_fn_with_state(longest, limits::time))
        .layer(CompressionLayer::new())
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(from_fn(tags::not_modified))
        .layer(from_fn_with_state(app.clone(), idempotency::once));
    routes.layer(around).with_state(app)
}

/// What browsers are told of every answer that does not say otherwise itself.
const GUARDS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];

async fn guarded(mut response: Response) -> Response {
    for (name, value) in GUARDS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

fn cors(config: &Config) -> CorsLayer {
    let origins: Vec<HeaderValue> = config.cors_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let header = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(origins)
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            header("idempotency-key"),
            header("last-event-id"),
            header("x-request-id"),
            header("x-tenant-slug"),
        ])
        .expose_headers([ETAG, LOCATION, RETRY_AFTER, header("x-request-id"), header("idempotent-replayed")])
        .max_age(Duration::from_secs(600))
}
