//! A push service and the browsers behind it: checks whose message it is (RFC 8292), takes it as
//! RFC 8030 says, and opens it with the browser's keys (RFC 8291). A real one cannot do the last:
//! only the browser has the keys.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use web_push_native::{Auth, decrypt};

use crate::locked;

/// The most that a push service has to take.
const MOST_BYTES: usize = 4096;

/// What a browser gives to the site that it has subscribed to.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Where its messages are handed over.
    pub endpoint: String,
    /// Its public key, base64url.
    pub p256dh: String,
    /// Its part in the secret, base64url.
    pub auth: String,
}

/// A message that a browser has got.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// By which subscription.
    pub endpoint: String,
    /// What the browser read.
    pub body: Value,
    /// A later one of the same topic would have taken its place.
    pub topic: Option<String>,
    /// How urgent it was said to be.
    pub urgency: Option<String>,
    /// Who says that they sent it.
    pub subject: String,
}

/// A running push service, stopped when dropped.
pub struct PushService {
    address: SocketAddr,
    inside: Arc<Inside>,
    task: JoinHandle<()>,
}

struct Inside {
    origin: String,
    now: DateTime<Utc>,
    browsers: Mutex<BTreeMap<String, Browser>>,
    pushed: Mutex<Vec<Pushed>>,
    answers: Mutex<VecDeque<(StatusCode, Option<String>)>>,
    refusals: Mutex<Vec<String>>,
}

#[derive(Clone)]
struct Browser {
    secret: SecretKey,
    auth: [u8; 16],
    /// For whose messages it has subscribed, base64url.
    application_server_key: String,
}

#[derive(Debug, Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    sub: String,
}

impl PushService {
    /// Listens on this machine. `now` is what its clock says, for as long as it runs.
    pub async fn start(now: DateTime<Utc>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.context("cannot listen")?;
        let address = listener.local_addr()?;
        let inside = Arc::new(Inside {
            origin: format!("http://{address}"),
            now,
            browsers: Mutex::default(),
            pushed: Mutex::default(),
            answers: Mutex::default(),
            refusals: Mutex::default(),
        });
        let router = Router::new().route("/push/{browser}", post(take)).with_state(Arc::clone(&inside));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "the push service ended");
            }
        });
        Ok(Self { address, inside, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A browser subscribes to the messages of whoever has this key.
    pub fn subscribe(&self, application_server_key: &str) -> anyhow::Result<Subscription> {
        let secret = SecretKey::from_slice(&rand::random::<[u8; 32]>())?;
        let auth: [u8; 16] = rand::random();
        let name = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        let subscription = Subscription {
            endpoint: format!("{}/push/{name}", self.inside.origin),
            p256dh: BASE64_URL_SAFE_NO_PAD.encode(secret.public_key().to_encoded_point(false).as_bytes()),
            auth: BASE64_URL_SAFE_NO_PAD.encode(auth),
        };
        let browser = Browser { secret, auth, application_server_key: application_server_key.to_owned() };
        locked(&self.inside.browsers).insert(name, browser);
        Ok(subscription)
    }

    /// The browser has had enough.
    pub fn unsubscribe(&self, subscription: &Subscription) {
        let name = subscription.endpoint.rsplit('/').next().unwrap_or_default();
        locked(&self.inside.browsers).remove(name);
    }

    /// The next message is answered so, whatever it is.
    pub fn answer_next(&self, status: StatusCode, retry_after: Option<&str>) {
        locked(&self.inside.answers).push_back((status, retry_after.map(str::to_owned)));
    }

    /// What browsers have got, in order.
    pub fn pushed(&self) -> Vec<Pushed> {
        locked(&self.inside.pushed).clone()
    }

    /// Why messages were refused, in order.
    pub fn refusals(&self) -> Vec<String> {
        locked(&self.inside.refusals).clone()
    }
}

impl Drop for PushService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(
    State(inside): State<Arc<Inside>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let told = locked(&inside.answers).pop_front();
    if let Some((status, retry_after)) = told {
        let wait = retry_after.and_then(|text| HeaderValue::try_from(text).ok());
        let headers: HeaderMap = wait.map(|wait| (RETRY_AFTER, wait)).into_iter().collect();
        return (status, headers).into_response();
    }
    let Some(browser) = locked(&inside.browsers).get(&name).cloned() else {
        return StatusCode::GONE.into_response();
    };
    let endpoint = format!("{}/push/{name}", inside.origin);
    let subject = match vouched(&inside, &browser, &headers) {
        Ok(subject) => subject,
        Err(error) => return refuse(&inside, StatusCode::FORBIDDEN, &error),
    };
    match read(&browser, &headers, body) {
        Ok(body) => {
            let word = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let (topic, urgency) = (word("topic"), word("urgency"));
            locked(&inside.pushed).push(Pushed { endpoint: endpoint.clone(), body, topic, urgency, subject });
            (StatusCode::CREATED, [(LOCATION, endpoint)]).into_response()
        }
        Err(error) => refuse(&inside, StatusCode::BAD_REQUEST, &error),
    }
}

fn refuse(inside: &Inside, status: StatusCode, error: &anyhow::Error) -> Response {
    locked(&inside.refusals).push(format!("{error:#}"));
    (status, format!("{error:#}")).into_response()
}

/// Who has sent it: the holder of the key for which the browser has subscribed.
fn vouched(inside: &Inside, browser: &Browser, headers: &HeaderMap) -> anyhow::Result<String> {
    let said = headers.get(AUTHORIZATION).context("nobody vouches for it")?.to_str()?;
    let parameters = said.strip_prefix("vapid ").context("not the scheme vapid")?;
    let parameters: BTreeMap<&str, &str> =
        parameters.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let (token, key) = parameters.get("t").zip(parameters.get("k")).context("no t or no k")?;
    ensure!(*key == browser.application_server_key, "the browser has subscribed for another key");
    let point = BASE64_URL_SAFE_NO_PAD.decode(key)?;
    let mut validation = Validation::new(Algorithm::ES256);
    // Both are compared below: the one with our clock, the other to the letter.
    validation.validate_exp = false;
    validation.validate_aud = false;
    let Claims { aud, exp, sub } = decode(token, &DecodingKey::from_ec_der(&point), &validation)?.claims;
    ensure!(aud == inside.origin, "signed for {aud}");
    let expires = DateTime::from_timestamp(exp, 0).context("no instant")?;
    ensure!(expires > inside.now, "expired at {expires}");
    ensure!(expires <= inside.now + TimeDelta::days(1), "good for more than a day, until {expires}");
    ensure!(sub.starts_with("mailto:") || sub.starts_with("https:"), "nobody is reached at {sub}");
    Ok(sub)
}

/// What the browser reads.
fn read(browser: &Browser, headers: &HeaderMap, body: Bytes) -> anyhow::Result<Value> {
    let ttl = headers.get("ttl").context("no TTL")?.to_str()?;
    ttl.parse::<u32>().context("TTL is no number of seconds")?;
    ensure!(body.len() <= MOST_BYTES, "{} bytes are too many", body.len());
    if headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding != "aes128gcm") {
        bail!("not aes128gcm");
    }
    if let Some(topic) = headers.get("topic") {
        let topic = topic.to_str()?;
        let is_safe = topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        ensure!(topic.len() <= 32 && is_safe, "{topic} is no topic");
    }
    let auth: Auth = browser.auth.into();
    let clear = decrypt(body.to_vec(), &browser.secret, &auth).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(serde_json::from_slice(&clear)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 8291, appendix A: what opens this, opens what the standard seals.
    #[test]
    fn it_opens_what_the_standard_has_sealed() {
        let decoded = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let sealed = decoded(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
        );
        let secret = SecretKey::from_slice(&decoded("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")).expect("a key");
        let auth: [u8; 16] = decoded("BTBZMqHH6r4Tts7J_aSIgg").try_into().expect("16 bytes");
        let clear = decrypt(sealed, &secret, &auth.into()).expect("opened");
        assert_eq!(String::from_utf8_lossy(&clear), "When I grow up, I want to be a watermelon");
    }
}
