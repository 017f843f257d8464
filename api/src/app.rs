//! What every handler may use, and the service put together.

use std::ops::Deref;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use shared::clock::Clock;
use shared::db::Pool;
use shared::secret::TokenSeal;
use shared::storage::Storage;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::access::TokenKeys;
use crate::auth::Passwords;
use crate::config::Config;
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
    /// Hashing, a few at a time.
    pub passwords: Passwords,
    /// Makes and opens the tokens that name a row: refreshing, links in mails.
    pub seal: TokenSeal,
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
        Ok(Self::with_pool(config, clock, pool))
    }

    /// As [`App::new`], over a pool that is there already.
    pub fn with_pool(config: Config, clock: Clock, pool: Pool) -> Self {
        let parts = Parts {
            storage: Storage::new(&config.storage),
            tokens: TokenKeys::new(&config.jwt_secret),
            passwords: Passwords::new(),
            seal: TokenSeal::new(&config.platform.secret_key),
            live: Live::new(pool.clone(), config.live),
            config,
            clock,
            pool,
        };
        Self(Arc::new(parts))
    }
}

/// The whole public service, but for the rewriting of addresses, which must come before routing.
///
/// Layers are listed innermost first: a request meets the last one first.
pub fn service(app: App) -> Router {
    let (routes, _) = router::routes().split_for_parts();
    routes
        .merge(router::pages())
        .fallback(router::unknown)
        .layer(from_fn_with_state(app.clone(), idempotency::once))
        .layer(from_fn(tags::not_modified))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(CompressionLayer::new())
        .layer(from_fn(limits::time))
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(map_response(tell_every_error_alike))
        .layer(cors(&app.config))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(X_FRAME_OPTIONS, "DENY"))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(header(STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"))
        .layer(header(CACHE_CONTROL, "no-store"))
        .layer(header(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .layer(from_fn(log::request))
        .layer(from_fn(request_id::give))
        .with_state(app)
}

/// A header on every answer that has not set its own.
fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
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
        .max_age(std::time::Duration::from_secs(600))
}
