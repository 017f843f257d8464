//! By which channels one wants to hear of what.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::UserId;
use shared::notifications::{Choices, Preferences, PreferencesChange};
use utoipa::ToSchema;

use super::ReadNotifications;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db};

/// What one wants to hear of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationPreferences)]
pub(super) struct PreferencesOut {
    user: UserId,
    /// Off: nothing at all.
    is_enabled: bool,
    /// Every type and channel, also those that were never chosen.
    #[schema(value_type = Object, example = json!({ "ANNOUNCEMENT": { "EMAIL": true, "IN_APP": true, "PUSH": false, "SMS": false } }))]
    preferences: Choices,
    /// When they were last changed, if ever.
    updated_at: Option<DateTime<Utc>>,
}

impl From<Preferences> for PreferencesOut {
    fn from(preferences: Preferences) -> Self {
        Self {
            user: preferences.user,
            is_enabled: preferences.is_enabled,
            preferences: preferences.choices(),
            updated_at: preferences.updated_at,
        }
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
}

/// Show what one wants to hear of.
#[utoipa::path(get, path = "/api/notifications/preferences/", tag = "notifications",
    responses((status = OK, body = PreferencesOut)))]
pub async fn show_preferences(caller: Can<ReadNotifications>, db: Db) -> ApiResult<Json<PreferencesOut>> {
    Ok(Json(Preferences::of(&mut *db.conn().await?, caller.tenant(), caller.user).await?.into()))
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
    UpdatePreferences { is_enabled, preferences }: UpdatePreferences,
    replaces: bool,
) -> ApiResult<Json<PreferencesOut>> {
    // A superuser acts in a tenant without belonging to it; nobody there tells them anything.
    if caller.person.tenant_id.is_none() {
        return Err(ApiError::Conflict {
            code: "not_a_member",
            message: "You belong to no tenant, and so are not notified of anything.".to_owned(),
        });
    }
    let is_enabled = is_enabled.or(replaces.then_some(true));
    let change = PreferencesChange { is_enabled, choices: preferences, replaces };
    let mut conn = db.conn().await?;
    Ok(Json(Preferences::change(&mut conn, caller.tenant(), caller.user, change, app.clock.now()).await?.into()))
}
