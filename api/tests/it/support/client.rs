//! Somebody who can only speak HTTP.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use serde_json::Value;
use shared::users::User;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::{Answer, Stream};

/// A client, signed in or not.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    service: BoxCloneSyncService<Request, Response, Infallible>,
    headers: HeaderMap,
    address: Option<SocketAddr>,
    /// Who it is.
    pub(crate) user: Option<User>,
}

impl Client {
    pub(crate) fn new<S>(service: S, token: Option<String>, user: Option<User>) -> Self
    where
        S: tower::Service<Request, Response = Response, Error = Infallible, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}")).expect("a header"));
        }
        Self { service: BoxCloneSyncService::new(service), headers, address: None, user }
    }

    /// The same client, sending this header besides.
    pub(crate) fn with(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(HeaderName::from_static(name), HeaderValue::try_from(value).expect("a header"));
        client
    }

    /// The same client, calling from this address.
    pub(crate) fn at(&self, address: &str) -> Self {
        let address = SocketAddr::new(address.parse().expect("an address"), 40_000);
        Self { address: Some(address), ..self.clone() }
    }

    /// The same client, with another access token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// The id of whoever is signed in.
    pub(crate) fn id(&self) -> shared::ids::UserId {
        self.user.as_ref().expect("somebody is signed in").id
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let bytes = body.map(|body| body.to_string().into_bytes());
        self.send_bytes(method, path, bytes.as_ref().map(|_| "application/json"), bytes.unwrap_or_default()).await
    }

    /// Opens a stream.
    pub(crate) async fn open(&self, path: &str) -> Stream {
        let response = self.call(Method::GET, path, None, Vec::new()).await;
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream", "{path}");
        Stream::of(response.into_body())
    }

    pub(crate) async fn send_bytes(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        Answer::read(self.call(method, path, kind, body).await).await
    }

    async fn call(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Response {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().expect("an address");
        *request.headers_mut() = self.headers.clone();
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        if let Some(kind) = kind {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::try_from(kind).expect("a header"));
        }
        self.service.clone().oneshot(request).await.expect("the service never fails")
    }
}
