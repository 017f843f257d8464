//! Access tokens: signed notes that say who somebody is for a quarter of an hour.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use shared::ids::{SessionId, TenantId, UserId};
use shared::users::UserRole;
use uuid::Uuid;

const ISSUER: &str = "lms";
const AUDIENCE: &str = "lms-api";
/// How long an access token is good. Its session is asked on every call besides, so that a
/// suspension or a log-out does not wait for it.
pub(super) const LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    iss: String,
    aud: String,
    /// The person.
    pub sub: UserId,
    /// The device.
    pub sid: SessionId,
    /// The tenant; none for superusers.
    pub tid: Option<TenantId>,
    /// The role, for clients; the server asks the database.
    pub role: UserRole,
    /// `access`: no other token of ours passes for one.
    typ: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// The keys that sign and check access tokens.
#[derive(Clone)]
pub struct TokenKeys {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKeys")
    }
}

impl TokenKeys {
    /// Keys out of `JWT_SECRET_KEY`.
    pub fn new(secret: &SecretString) -> Self {
        let bytes = secret.expose_secret().as_bytes();
        // The algorithm is fixed here: what a token's header says is only compared with it.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Compared with our clock below, which tests set.
        validation.validate_exp = false;
        Self { signing: EncodingKey::from_secret(bytes), checking: DecodingKey::from_secret(bytes), validation }
    }

    /// A token for this person on this device.
    pub fn issue(
        &self,
        person: UserId,
        session: SessionId,
        tenant: Option<TenantId>,
        role: UserRole,
        now: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        let claims = AccessClaims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: person,
            sid: session,
            tid: tenant,
            role,
            typ: "access".to_owned(),
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            jti: Uuid::new_v4(),
        };
        Ok(encode(&Header::new(Algorithm::HS256), &claims, &self.signing)?)
    }

    /// What a token says, if it is ours, whole and not expired.
    pub fn check(&self, token: &str, now: DateTime<Utc>) -> Option<AccessClaims> {
        let claims = decode::<AccessClaims>(token, &self.checking, &self.validation).ok()?.claims;
        (claims.typ == "access" && claims.exp > now.timestamp()).then_some(claims)
    }
}
