//! A tenant's own mail server.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::{JobId, TenantId};
use shared::tenants::{EmailSettings, EmailSettingsChanges, EmailTest, SettingsError};
use utoipa::ToSchema;

use super::WriteTenant;
use super::settings::email_or_empty;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Tagged, present};

/// A tenant's own mail server. The password is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailSettings)]
#[expect(clippy::struct_excessive_bools, reason = "the settings as they are")]
pub struct EmailSettingsOut {
    tenant: TenantId,
    /// Whether the tenant's mails go this way; else they go by the platform's server.
    is_enabled: bool,
    #[schema(example = "smtp.example.org")]
    smtp_host: String,
    #[schema(example = 587)]
    smtp_port: i32,
    smtp_username: String,
    /// Whether there is a password.
    smtp_password_set: bool,
    smtp_use_tls: bool,
    smtp_use_ssl: bool,
    default_from_email: String,
    default_from_name: String,
    email_timeout: i32,
    updated_at: DateTime<Utc>,
}

impl From<EmailSettings> for EmailSettingsOut {
    fn from(settings: EmailSettings) -> Self {
        let EmailSettings {
            tenant_id,
            is_enabled,
            smtp_host,
            smtp_port,
            smtp_username,
            smtp_password_sealed,
            smtp_use_tls,
            smtp_use_ssl,
            default_from_email,
            default_from_name,
            email_timeout,
            version: _,
            created_at: _,
            updated_at,
        } = settings;
        Self {
            tenant: tenant_id,
            is_enabled,
            smtp_host,
            smtp_port,
            smtp_username,
            smtp_password_set: smtp_password_sealed.is_some(),
            smtp_use_tls,
            smtp_use_ssl,
            default_from_email,
            default_from_name,
            email_timeout,
            updated_at,
        }
    }
}

/// The mail server of one's tenant.
#[utoipa::path(get, path = "/api/core/settings/email/", tag = "tenants", responses((status = OK, body = EmailSettingsOut)))]
pub async fn show_email_settings(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    db: Db,
) -> ApiResult<Tagged<EmailSettingsOut>> {
    let mut conn = db.conn().await?;
    let settings = EmailSettings::of(&mut conn, caller.tenant(), app.clock.now()).await?;
    Ok(Tagged(settings.version, settings.into()))
}

/// What may be changed of the mail server; what is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateEmailSettings {
    /// Whether the tenant's mails go this way.
    #[garde(skip)]
    #[serde(default)]
    is_enabled: Option<bool>,
    /// A public host.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    #[schema(example = "smtp.example.org")]
    smtp_host: Option<String>,
    /// 25, 465, 587 or 2525.
    #[garde(range(min = 1, max = 65535))]
    #[serde(default)]
    smtp_port: Option<i32>,
    /// Nobody signs in when it is empty.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    smtp_username: Option<String>,
    /// Kept encrypted and never shown; null or an empty text forgets it. So do another host, another port and
    /// giving up TLS, unless it is given with them.
    #[garde(inner(inner(length(bytes, max = 1024))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    smtp_password: Option<Option<String>>,
    /// STARTTLS, demanded.
    #[garde(skip)]
    #[serde(default)]
    smtp_use_tls: Option<bool>,
    /// TLS from the first byte.
    #[garde(skip)]
    #[serde(default)]
    smtp_use_ssl: Option<bool>,
    /// From which address mails come.
    #[garde(inner(custom(email_or_empty)))]
    #[serde(default)]
    default_from_email: Option<String>,
    /// From whom.
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    default_from_name: Option<String>,
    /// Seconds that the server may take to answer.
    #[garde(range(min = 1, max = 15))]
    #[serde(default)]
    email_timeout: Option<i32>,
}

/// Change the mail server of one's tenant.
#[utoipa::path(patch, path = "/api/core/settings/email/", tag = "tenants", request_body = UpdateEmailSettings,
    responses((status = OK, body = EmailSettingsOut)))]
pub async fn update_email_settings(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateEmailSettings>,
) -> ApiResult<Tagged<EmailSettingsOut>> {
    let place = EmailSettings::password_place(caller.tenant());
    let smtp_password_sealed = app.vault.seal_change(place, body.smtp_password)?;
    let changes = EmailSettingsChanges {
        is_enabled: body.is_enabled,
        smtp_host: body.smtp_host.map(|host| host.trim().to_ascii_lowercase()),
        smtp_port: body.smtp_port,
        smtp_username: body.smtp_username,
        smtp_password_sealed,
        smtp_use_tls: body.smtp_use_tls,
        smtp_use_ssl: body.smtp_use_ssl,
        default_from_email: body.default_from_email,
        default_from_name: body.default_from_name,
        email_timeout: body.email_timeout,
    };
    let mut conn = db.conn().await?;
    let settings = EmailSettings::change(&mut conn, caller.tenant(), changes, seen, app.clock.now()).await?;
    Ok(Tagged(settings.version, settings.into()))
}

/// To whom the test goes.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestEmail {
    /// An e-mail address.
    #[garde(email, length(chars, max = 254))]
    #[schema(example = "admin@acme.local")]
    recipient_email: String,
}

/// A job that tells in its result how it went.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    /// At `/api/jobs/{job}/`: its `result` has `success` and `message`.
    pub job: JobId,
}

/// The answer that names a job to be watched.
pub(super) type Accepted = (StatusCode, [(HeaderName, String); 1], Json<Started>);

pub(super) fn accepted(job: JobId) -> Accepted {
    (StatusCode::ACCEPTED, [(LOCATION, format!("/api/jobs/{job}/"))], Json(Started { job }))
}

/// Send a mail by the tenant's own server, switched on or not, and tell in the job's result how
/// that went.
#[utoipa::path(post, path = "/api/core/settings/email/test/", tag = "tenants", request_body = TestEmail,
    responses((status = ACCEPTED, body = Started)))]
pub async fn test_email_settings(
    caller: Can<WriteTenant>,
    db: Db,
    Body(TestEmail { recipient_email }): Body<TestEmail>,
) -> ApiResult<Accepted> {
    let job = EmailTest::ask(&mut *db.conn().await?, caller.tenant(), recipient_email, caller.asks()).await?;
    Ok(accepted(job))
}

impl From<SettingsError> for ApiError {
    fn from(error: SettingsError) -> Self {
        let message = error.to_string();
        match error {
            SettingsError::TwoKindsOfTls => Self::field("smtp_use_ssl", message),
            SettingsError::Incomplete => Self::field("is_enabled", message),
            SettingsError::Changed => Self::Changed,
            SettingsError::Database(error) => error.into(),
        }
    }
}
