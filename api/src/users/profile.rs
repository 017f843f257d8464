//! A person as answers show them, and the part of it that they write themselves.

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::ids::{TenantId, UserId};
use shared::locale::{is_language, is_time_zone};
use shared::users::{User, UserChanges, UserRole, UserRow, UserStatus};
use utoipa::ToSchema;

use crate::http::present;

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserOut {
    /// Names the person in addresses.
    id: UserId,
    /// Unique on the platform, in any case; nobody changes it.
    #[schema(example = "alice.williams@acme.local")]
    email: String,
    /// May be empty.
    #[schema(example = "Alice")]
    first_name: String,
    /// May be empty.
    #[schema(example = "Williams")]
    last_name: String,
    /// Both names, or the e-mail when there is none.
    #[schema(example = "Alice Williams")]
    full_name: String,
    /// What they are in their tenant.
    role: UserRole,
    /// Whether they may come in.
    status: UserStatus,
    /// What they say of themselves.
    profile: ProfileOut,
    /// None for superusers.
    tenant: Option<TenantId>,
    /// For the `X-Tenant-Slug` header.
    #[schema(example = "acme")]
    tenant_slug: Option<String>,
    /// Off: signed out everywhere, whatever the status.
    is_active: bool,
    /// Whether the person runs the tenant or the platform. Decides nothing.
    is_staff: bool,
    /// Stands above tenants.
    is_superuser: bool,
    /// When they signed in last.
    last_login: Option<DateTime<Utc>>,
    /// When they came to be.
    date_joined: DateTime<Utc>,
}

/// What people say of themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Profile)]
pub struct ProfileOut {
    /// The person's.
    id: UserId,
    /// Where the picture is.
    avatar: Option<String>,
    /// A few words.
    bio: String,
    /// A language tag.
    #[schema(example = "en")]
    language: String,
    /// An IANA zone.
    #[schema(example = "Africa/Nairobi")]
    timezone: String,
    /// Whatever the client keeps here.
    preferences: Value,
    /// When they were changed last.
    updated_at: DateTime<Utc>,
}

impl From<UserRow> for UserOut {
    fn from(UserRow { user, tenant_slug }: UserRow) -> Self {
        let full_name = user.full_name();
        let User {
            id,
            tenant_id,
            email,
            password_hash: _,
            first_name,
            last_name,
            role,
            status,
            is_active,
            is_superuser,
            bio,
            language,
            timezone,
            preferences,
            avatar_url,
            last_login_at,
            version: _,
            created_at,
            updated_at,
        } = user;
        Self {
            id,
            email,
            first_name,
            last_name,
            full_name,
            role,
            status,
            profile: ProfileOut { id, avatar: avatar_url, bio, language, timezone, preferences, updated_at },
            tenant: tenant_id,
            tenant_slug,
            is_active,
            is_staff: is_superuser || role == UserRole::Admin,
            is_superuser,
            last_login: last_login_at,
            date_joined: created_at,
        }
    }
}

/// What people may change of what they say of themselves; what is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProfile {
    /// The address of a picture; null for none.
    #[garde(inner(inner(custom(web_address))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    avatar: Option<Option<String>>,
    /// A few words.
    #[garde(length(chars, max = 5000))]
    #[serde(default)]
    bio: Option<String>,
    /// A language tag; empty for the tenant's usual one.
    #[garde(inner(custom(language_or_empty)))]
    #[serde(default)]
    #[schema(example = "en")]
    language: Option<String>,
    /// An IANA zone; empty for the tenant's usual one.
    #[garde(inner(custom(zone_or_empty)))]
    #[serde(default)]
    #[schema(example = "Africa/Nairobi")]
    timezone: Option<String>,
    /// Whatever the client keeps here, instead of what was here: an object of 16 KiB at most.
    #[garde(inner(custom(small)))]
    #[serde(default)]
    preferences: Option<Map<String, Value>>,
}

impl UpdateProfile {
    /// As the domain has it.
    pub fn changes(self) -> UserChanges {
        UserChanges {
            bio: self.bio,
            // The web client's form sends empty texts for what was not chosen.
            language: self.language,
            timezone: self.timezone,
            preferences: self.preferences.map(Value::Object),
            avatar_url: self.avatar.map(|address| address.filter(|address| !address.is_empty())),
            ..UserChanges::default()
        }
    }
}

fn web_address(value: &str, (): &()) -> garde::Result {
    let is_web =
        value.len() <= 1000 && url::Url::parse(value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if is_web || value.is_empty() { Ok(()) } else { Err(garde::Error::new("Not an address of the web.")) }
}

fn language_or_empty(value: &str, (): &()) -> garde::Result {
    if value.is_empty() || is_language(value) { Ok(()) } else { Err(garde::Error::new("Not a language tag.")) }
}

fn zone_or_empty(value: &str, (): &()) -> garde::Result {
    if value.is_empty() || is_time_zone(value) { Ok(()) } else { Err(garde::Error::new("Not an IANA time zone.")) }
}

fn small(value: &Map<String, Value>, (): &()) -> garde::Result {
    let size = serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
    if size <= 16 * 1024 { Ok(()) } else { Err(garde::Error::new("More than 16 KiB.")) }
}
