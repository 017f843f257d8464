//! By which channels one wants to hear of what, and when.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveTime, Utc};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared::ids::UserId;
use shared::notifications::{
    Choices, DeliveryChannel, DigestChoice, DigestFrequency, Preferences, PreferencesChange, QuietHours,
};
use utoipa::ToSchema;

use super::{ReadNotifications, require_member};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, present};

/// What one wants to hear of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationPreferences)]
pub(super) struct PreferencesOut {
    user: UserId,
    /// Off: nothing at all.
    is_enabled: bool,
    /// Every type and channel, also those that were never chosen. Nothing tells of `SYSTEM_ALERT`, `ASSESSMENT_SUBMISSION`
    /// and `ASSESSMENT_GRADED` yet.
    #[schema(value_type = Object, example = json!({ "ANNOUNCEMENT": { "EMAIL": true, "IN_APP": true, "PUSH": false, "SMS": false } }))]
    preferences: Choices,
    /// The channels that this server has; choices for the others wait until it does.
    available_channels: Vec<DeliveryChannel>,
    digest: Digest,
    quiet_hours: Option<Quiet>,
    /// When they were last changed, if ever.
    updated_at: Option<DateTime<Utc>>,
}

impl PreferencesOut {
    fn new(preferences: Preferences, app: &App) -> Self {
        let has_push = app.config.platform.web_push.is_some();
        let is_there = |channel: &DeliveryChannel| has_push || *channel != DeliveryChannel::Push;
        let DigestChoice { frequency, hour, weekday } = preferences.digest;
        Self {
            user: preferences.user,
            is_enabled: preferences.is_enabled,
            preferences: preferences.choices(),
            available_channels: DeliveryChannel::AVAILABLE.into_iter().filter(is_there).collect(),
            digest: Digest { frequency, hour: Some(hour), weekday: Some(weekday) },
            quiet_hours: preferences.quiet.map(|quiet| Quiet { from: Clock(quiet.from()), to: Clock(quiet.to()) }),
            updated_at: preferences.updated_at,
        }
    }
}

/// One mail in place of many: what can wait is summed up.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DigestChoice)]
struct Digest {
    #[garde(skip)]
    #[schema(inline)]
    frequency: DigestFrequency,
    /// At which hour of one's own clock; 8 unless said otherwise.
    #[garde(range(max = 23))]
    #[schema(example = 8)]
    hour: Option<u32>,
    /// On which day a weekly one comes, Monday being 1; that unless said otherwise.
    #[garde(range(min = 1, max = 7))]
    #[schema(example = 1)]
    weekday: Option<u32>,
}

impl From<Digest> for DigestChoice {
    fn from(Digest { frequency, hour, weekday }: Digest) -> Self {
        let usual = Self::default();
        Self { frequency, hour: hour.unwrap_or(usual.hour), weekday: weekday.unwrap_or(usual.weekday) }
    }
}

/// From one time to another on one's own clock, over midnight when the first is the later: what can wait waits for
/// the end of them.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = QuietHours)]
struct Quiet {
    #[schema(value_type = String, example = "22:00")]
    from: Clock,
    #[schema(value_type = String, example = "07:00")]
    to: Clock,
}

/// A time of day, written as `22:30`.
#[derive(Debug, Clone, Copy)]
struct Clock(NaiveTime);

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%H:%M"))
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = NaiveTime::parse_from_str(&text, "%H:%M");
        time.map(Self).map_err(|_| serde::de::Error::custom("a time of day looks like 22:30"))
    }
}

/// A change of what one wants to hear of.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdatePreferences {
    /// Off: nothing at all.
    #[garde(skip)]
    is_enabled: Option<bool>,
    /// `{type: {channel: yes or no}}`; what is not named stays.
    #[garde(skip)]
    #[schema(value_type = Option<Object>, example = json!({ "ANNOUNCEMENT": { "EMAIL": false } }))]
    preferences: Option<Choices>,
    #[garde(dive)]
    digest: Option<Digest>,
    /// Null: none.
    #[garde(dive)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Quiet>)]
    quiet_hours: Option<Option<Quiet>>,
}

/// Show what one wants to hear of.
#[utoipa::path(get, path = "/api/notifications/preferences/", tag = "notifications",
    responses((status = OK, body = PreferencesOut)))]
pub async fn show_preferences(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    db: Db,
) -> ApiResult<Json<PreferencesOut>> {
    let preferences = Preferences::of(&mut *db.conn().await?, caller.tenant(), caller.user).await?;
    Ok(Json(PreferencesOut::new(preferences, &app)))
}

/// Change what one wants to hear of; what is not named stays.
#[utoipa::path(patch, path = "/api/notifications/preferences/", tag = "notifications",
    request_body = UpdatePreferences, responses((status = OK, body = PreferencesOut)))]
pub async fn update_preferences(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<UpdatePreferences>,
) -> ApiResult<Json<PreferencesOut>> {
    change(&caller, &app, &db, body, false).await
}

/// Choose anew; what is not named goes back to its default.
#[utoipa::path(put, path = "/api/notifications/preferences/", tag = "notifications",
    request_body = UpdatePreferences, responses((status = OK, body = PreferencesOut)))]
pub async fn replace_preferences(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<UpdatePreferences>,
) -> ApiResult<Json<PreferencesOut>> {
    change(&caller, &app, &db, body, true).await
}

async fn change(
    caller: &Can<ReadNotifications>,
    app: &App,
    db: &Db,
    body: UpdatePreferences,
    replaces: bool,
) -> ApiResult<Json<PreferencesOut>> {
    require_member(caller)?;
    let UpdatePreferences { is_enabled, preferences, digest, quiet_hours } = body;
    let quiet = match quiet_hours {
        Some(Some(quiet)) => {
            let hours = QuietHours::new(quiet.from.0, quiet.to.0);
            Some(Some(hours.ok_or_else(|| ApiError::field("quiet_hours", "They end when they begin: send null."))?))
        }
        Some(None) => Some(None),
        None => None,
    };
    let change = PreferencesChange {
        is_enabled: is_enabled.or(replaces.then_some(true)),
        choices: preferences,
        digest: digest.map(DigestChoice::from),
        quiet,
        replaces,
    };
    let mut conn = db.conn().await?;
    let now = app.clock.now();
    let preferences = Preferences::change(&mut conn, caller.tenant(), caller.user, change, now).await?;
    Ok(Json(PreferencesOut::new(preferences, app)))
}
