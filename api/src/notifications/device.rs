//! One's devices that push messages go to.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::DeviceId;
use shared::notifications::{DeviceChange, DeviceType, PushDevice, Reach, Unreachable};
use utoipa::ToSchema;

use super::{ReadNotifications, require_member};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, Listing, Paging, Path};

/// A device of one's own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub(super) struct DeviceOut {
    id: DeviceId,
    #[schema(inline)]
    device_type: DeviceType,
    /// The type for people.
    #[schema(example = "Web")]
    device_type_display: &'static str,
    /// As it was registered.
    #[schema(example = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV")]
    token: String,
    #[schema(example = "Firefox at home")]
    device_name: String,
    /// Whether messages go there. It is switched off, too, when nobody answers there any more.
    is_active: bool,
    /// When a message was last handed over for it.
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<PushDevice> for DeviceOut {
    fn from(device: PushDevice) -> Self {
        let PushDevice {
            id,
            tenant_id: _,
            user_id: _,
            device_type,
            token,
            p256dh: _,
            auth: _,
            device_name,
            is_active,
            last_used_at,
            created_at,
            updated_at,
        } = device;
        let device_type_display = device_type.label();
        Self {
            id,
            device_type,
            device_type_display,
            token,
            device_name,
            is_active,
            last_used_at,
            created_at,
            updated_at,
        }
    }
}

/// What a browser subscribes for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PublicKeyOut {
    /// For `applicationServerKey`; null where push to browsers is not set up.
    #[schema(example = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8")]
    public_key: Option<String>,
}

/// A device to be registered.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterDevice {
    /// A browser, unless said otherwise.
    #[garde(skip)]
    #[schema(inline)]
    device_type: Option<DeviceType>,
    /// What the service that reaches it calls it; of a browser the `endpoint` of its subscription.
    #[garde(length(bytes, min = 1, max = 2048))]
    #[serde(alias = "endpoint")]
    #[schema(example = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV")]
    token: String,
    /// A browser's.
    #[garde(skip)]
    keys: Option<Keys>,
    #[garde(inner(length(chars, max = 255)))]
    #[schema(example = "Firefox at home")]
    device_name: Option<String>,
}

/// The `keys` of a browser's subscription, for whom messages are encrypted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubscriptionKeys)]
struct Keys {
    #[schema(example = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")]
    p256dh: String,
    #[schema(example = "BTBZMqHH6r4Tts7J_aSIgg")]
    auth: String,
}

impl RegisterDevice {
    fn reach(&self) -> ApiResult<Reach> {
        let keys = self.keys.as_ref().map(|keys| (keys.p256dh.as_str(), keys.auth.as_str()));
        Reach::read(self.device_type.unwrap_or(DeviceType::Web), &self.token, keys).map_err(|error| {
            let field = match error {
                Unreachable::NotAToken | Unreachable::NotAnEndpoint => "token",
                Unreachable::NotKeys | Unreachable::NoKeysWanted => "keys",
            };
            ApiError::field(field, error.to_string())
        })
    }
}

/// What may be changed of a device.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateDevice {
    #[garde(inner(length(chars, max = 255)))]
    #[schema(example = "Firefox at work")]
    device_name: Option<String>,
}

const MISSING: ApiError = ApiError::NotFound("device");

/// Show the key that browsers subscribe for.
#[utoipa::path(get, path = "/api/notifications/devices/public-key/", tag = "notifications",
    responses((status = OK, body = PublicKeyOut)))]
pub async fn show_push_key(_: Can<ReadNotifications>, State(app): State<App>) -> Json<PublicKeyOut> {
    let web_push = app.config.platform.web_push.as_ref();
    Json(PublicKeyOut { public_key: web_push.map(|config| config.key.public()) })
}

/// List one's devices, the newest first.
#[utoipa::path(get, path = "/api/notifications/devices/", tag = "notifications", params(Paging),
    responses((status = OK, body = Listing<DeviceOut>)))]
pub async fn list_devices(
    caller: Can<ReadNotifications>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<DeviceOut>>> {
    let mut conn = db.conn().await?;
    Ok(paging.answer(PushDevice::list(&mut conn, caller.tenant(), caller.user, paging.numbered()).await?))
}

/// Register a device, or again what was registered: it is active then, and nobody else's.
#[utoipa::path(post, path = "/api/notifications/devices/", tag = "notifications", request_body = RegisterDevice,
    responses((status = CREATED, body = DeviceOut)))]
pub async fn register_device(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<RegisterDevice>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<DeviceOut>)> {
    require_member(&caller)?;
    let reach = body.reach()?;
    let mut conn = db.conn().await?;
    let (tenant, now) = (caller.tenant(), app.clock.now());
    let device = PushDevice::register(&mut conn, tenant, caller.user, reach, body.device_name, now).await?;
    let location = format!("/api/notifications/devices/{}/", device.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(device.into())))
}

/// Show a device.
#[utoipa::path(get, path = "/api/notifications/devices/{device}/", tag = "notifications",
    params(("device" = DeviceId, Path)), responses((status = OK, body = DeviceOut)))]
pub async fn show_device(
    caller: Can<ReadNotifications>,
    Path(id): Path<DeviceId>,
    db: Db,
) -> ApiResult<Json<DeviceOut>> {
    let found = PushDevice::find(&mut *db.conn().await?, caller.tenant(), caller.user, id).await?;
    Ok(Json(found.ok_or(MISSING)?.into()))
}

/// Give a device another name.
#[utoipa::path(patch, path = "/api/notifications/devices/{device}/", tag = "notifications",
    params(("device" = DeviceId, Path)), request_body = UpdateDevice,
    responses((status = OK, body = DeviceOut)))]
pub async fn update_device(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    db: Db,
    Body(body): Body<UpdateDevice>,
) -> ApiResult<Json<DeviceOut>> {
    change(&caller, &app, &db, id, DeviceChange { device_name: body.device_name, is_active: None }).await
}

/// Have messages go to a device again.
#[utoipa::path(post, path = "/api/notifications/devices/{device}/activate/", tag = "notifications",
    params(("device" = DeviceId, Path)), responses((status = OK, body = DeviceOut)))]
pub async fn activate_device(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    db: Db,
) -> ApiResult<Json<DeviceOut>> {
    change(&caller, &app, &db, id, DeviceChange { device_name: None, is_active: Some(true) }).await
}

/// Have no more messages go to a device.
#[utoipa::path(post, path = "/api/notifications/devices/{device}/deactivate/", tag = "notifications",
    params(("device" = DeviceId, Path)), responses((status = OK, body = DeviceOut)))]
pub async fn deactivate_device(
    caller: Can<ReadNotifications>,
    State(app): State<App>,
    Path(id): Path<DeviceId>,
    db: Db,
) -> ApiResult<Json<DeviceOut>> {
    change(&caller, &app, &db, id, DeviceChange { device_name: None, is_active: Some(false) }).await
}

async fn change(
    caller: &Can<ReadNotifications>,
    app: &App,
    db: &Db,
    id: DeviceId,
    change: DeviceChange,
) -> ApiResult<Json<DeviceOut>> {
    let mut conn = db.conn().await?;
    let now = app.clock.now();
    let found = PushDevice::change(&mut conn, caller.tenant(), caller.user, id, change, now).await?;
    Ok(Json(found.ok_or(MISSING)?.into()))
}

/// Forget a device.
#[utoipa::path(delete, path = "/api/notifications/devices/{device}/", tag = "notifications",
    params(("device" = DeviceId, Path)), responses((status = NO_CONTENT)))]
pub async fn delete_device(caller: Can<ReadNotifications>, Path(id): Path<DeviceId>, db: Db) -> ApiResult<StatusCode> {
    let was_there = PushDevice::delete(&mut *db.conn().await?, caller.tenant(), caller.user, id).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(MISSING) }
}
