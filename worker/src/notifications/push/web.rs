//! Browsers, by their own push services: delivered as RFC 8030 says, encrypted for the browser as
//! RFC 8291 does (a push service reads nothing), and signed with the platform's key, RFC 8292.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use secrecy::ExposeSecret;
use serde::Serialize;
use shared::clock::Clock;
use shared::config::WebPushConfig;
use shared::notifications::PushDevice;
use shared::outbound::{Outbound, Refused};
use url::Url;
use web_push_native::p256::PublicKey;
use web_push_native::{Auth, encrypt};

use super::{Push, PushError, PushMessage};

/// How long a push service keeps what it cannot hand on yet, in seconds: a day.
const TTL: &str = "86400";
/// How long a signature is good; push services take a day at most.
const SIGNED_FOR: TimeDelta = TimeDelta::hours(12);
/// For one message.
const PATIENCE: Duration = Duration::from_secs(10);
/// When a busy push service does not say.
const A_WHILE: Duration = Duration::from_secs(60);
/// The longest that one is waited for, whatever it says: a message is of no use after a day.
const A_DAY: Duration = Duration::from_secs(86_400);

/// Browsers' push services.
pub struct WebPush {
    key: EncodingKey,
    public_key: String,
    subject: String,
    outbound: Outbound,
    connections: Connections,
    clock: Clock,
}

impl fmt::Debug for WebPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPush").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// What a signature says (RFC 8292, section 2).
#[derive(Serialize)]
struct Claims<'a> {
    aud: String,
    exp: i64,
    sub: &'a str,
}

impl WebPush {
    /// As the platform is set up.
    ///
    /// # Errors
    /// Its key cannot be used.
    pub fn new(
        config: &WebPushConfig,
        outbound: Outbound,
        connections: Connections,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let key = EncodingKey::from_ec_der(config.key.pkcs8()?.expose_secret());
        let (public_key, subject) = (config.key.public(), config.subject.clone());
        Ok(Self { key, public_key, subject, outbound, connections, clock })
    }

    async fn hand_over(&self, device: &PushDevice, message: &PushMessage) -> Result<(), PushError> {
        let broken = || PushError::Gone("The subscription cannot be read.".to_owned());
        let endpoint = Url::parse(&device.token).map_err(|_| broken())?;
        let (key, auth) = keys(device).ok_or_else(broken)?;
        let body = encrypt(message.payload.clone(), &key, &auth)
            .map_err(|error| PushError::Refused(format!("the message cannot be encrypted: {error}")))?;
        let client = self.connections.to(&endpoint, &self.outbound).await?;
        let headers = self.headers(&endpoint, message)?;
        let answer = client.post(endpoint).headers(headers).body(body).send().await.map_err(anyhow::Error::from)?;
        verdict(answer.status(), answer.headers(), self.clock.now())
    }

    fn headers(&self, endpoint: &Url, message: &PushMessage) -> anyhow::Result<HeaderMap> {
        let claims = Claims {
            aud: endpoint.origin().ascii_serialization(),
            exp: (self.clock.now() + SIGNED_FOR).timestamp(),
            sub: &self.subject,
        };
        let token = encode(&Header::new(Algorithm::ES256), &claims, &self.key).context("signing for a push service")?;
        let mut signature = HeaderValue::try_from(format!("vapid t={token}, k={}", self.public_key))?;
        signature.set_sensitive(true);
        // One that still waits there under the same topic is replaced: a repetition is shown once.
        let topic = BASE64_URL_SAFE_NO_PAD.encode(message.notification.0.as_bytes());
        Ok(HeaderMap::from_iter([
            (AUTHORIZATION, signature),
            (CONTENT_ENCODING, HeaderValue::from_static("aes128gcm")),
            (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (HeaderName::from_static("ttl"), HeaderValue::from_static(TTL)),
            (HeaderName::from_static("topic"), HeaderValue::try_from(topic)?),
            (
                HeaderName::from_static("urgency"),
                HeaderValue::from_static(if message.is_urgent { "high" } else { "normal" }),
            ),
        ]))
    }
}

impl Push for WebPush {
    fn send<'a>(&'a self, device: &'a PushDevice, message: &'a PushMessage) -> BoxFuture<'a, Result<(), PushError>> {
        self.hand_over(device, message).boxed()
    }
}

fn keys(device: &PushDevice) -> Option<(PublicKey, Auth)> {
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let auth: [u8; 16] = decode(device.auth.as_deref()?)?.try_into().ok()?;
    Some((PublicKey::from_sec1_bytes(&decode(device.p256dh.as_deref()?)?).ok()?, auth.into()))
}

/// What an answer means. Its body is not read: who answers there is not ours.
fn verdict(status: StatusCode, headers: &HeaderMap, now: DateTime<Utc>) -> Result<(), PushError> {
    match status {
        status if status.is_success() => Ok(()),
        // The last: it subscribed for another key than the platform has now.
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::FORBIDDEN => {
            Err(PushError::Gone(format!("The push service answered {}.", status.as_u16())))
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let wait = headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now));
            Err(PushError::Later(status.as_u16(), wait.unwrap_or(A_WHILE).min(A_DAY)))
        }
        status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            Err(PushError::Other(anyhow::anyhow!("the push service answered {}", status.as_u16())))
        }
        status => Err(PushError::Refused(format!("the push service answered {}", status.as_u16()))),
    }
}

/// Seconds, or an instant as HTTP writes it.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    Some((at.to_utc() - now).to_std().unwrap_or_default())
}

/// Clients of push services that were called of late. An address was looked at when its client was
/// made, and the client connects to no other: a name may resolve to another one meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<Mutex<HashMap<String, (Client, Instant)>>>);

impl Connections {
    /// How long an address is not looked at again.
    const GOOD_FOR: Duration = Duration::from_secs(60);
    /// There are some five push services in the world; whoever names hundreds is up to something.
    const MOST: usize = 50;

    async fn to(&self, endpoint: &Url, outbound: &Outbound) -> Result<Client, PushError> {
        let origin = endpoint.origin().ascii_serialization();
        if let Some(client) = self.known(&origin) {
            return Ok(client);
        }
        let client = connect(endpoint, outbound).await?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(origin, (client.clone(), Instant::now()));
        Ok(client)
    }

    fn known(&self, origin: &str) -> Option<Client> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (client, made) = known.get(origin)?;
        (made.elapsed() < Self::GOOD_FOR).then(|| client.clone())
    }
}

/// A client that reaches what `endpoint` resolves to now, if people may have us call that. Without
/// TLS only what the operator lets through by name.
async fn connect(endpoint: &Url, outbound: &Outbound) -> Result<Client, PushError> {
    let refused = |why: &dyn fmt::Display| PushError::Gone(format!("The subscription's address is not called: {why}"));
    let ports: &[u16] = match endpoint.scheme() {
        "https" => &[443],
        "http" => &[],
        other => return Err(refused(&format!("{other} is no way there."))),
    };
    let (host, port) =
        endpoint.host_str().zip(endpoint.port_or_known_default()).ok_or_else(|| refused(&"It has no host."))?;
    let checked = match outbound.check(host, port, ports).await {
        Ok(checked) => checked,
        Err(error @ Refused::Unresolved) => return Err(PushError::Other(error.into())),
        Err(error) => return Err(refused(&error)),
    };
    let client = Client::builder()
        // By the host as the address has it: under any other spelling it would be resolved again.
        .resolve_to_addrs(host, &checked.addresses)
        .redirect(Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build();
    Ok(client.map_err(anyhow::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
    }

    fn answered(status: u16, retry_after: Option<&'static str>) -> Result<(), PushError> {
        let headers = retry_after.map(|text| (RETRY_AFTER, HeaderValue::from_static(text)));
        verdict(StatusCode::from_u16(status).expect("a status"), &headers.into_iter().collect(), now())
    }

    #[test]
    fn an_answer_is_taken_a_device_that_is_gone_or_a_time_to_wait() {
        for status in [200, 201, 202, 204] {
            assert!(answered(status, None).is_ok(), "{status}");
        }
        for status in [403, 404, 410] {
            assert!(matches!(answered(status, None), Err(PushError::Gone(_))), "{status}");
        }
        for status in [301, 307, 400, 401, 413] {
            assert!(matches!(answered(status, None), Err(PushError::Refused(_))), "{status}");
        }
        for status in [408, 500, 502] {
            assert!(matches!(answered(status, None), Err(PushError::Other(_))), "{status}");
        }
    }

    #[test]
    fn a_busy_service_says_when_to_come_again() {
        for (said, seconds) in [
            (None, 60),
            (Some("120"), 120),
            (Some("Fri, 15 Jan 2027 08:05:00 GMT"), 300),
            (Some("Fri, 15 Jan 2027 07:00:00 GMT"), 0),
            (Some("99999999"), 86_400),
            (Some("soon"), 60),
            (Some("-5"), 60),
        ] {
            for status in [429, 503] {
                let Err(PushError::Later(_, wait)) = answered(status, said) else { panic!("{status} {said:?}") };
                assert_eq!(wait, Duration::from_secs(seconds), "{status} {said:?}");
            }
        }
    }
}
