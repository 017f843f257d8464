//! Identity providers of a tenant.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::federation::{NewSso, SsoChanges, SsoConfiguration, SsoFilter, SsoProviderType};
use shared::ids::{SsoConfigurationId, TenantId};
use utoipa::{IntoParams, ToSchema};

use super::{WriteTenant, https_or_empty};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Query, Tagged, present};

/// An identity provider. Its secret is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SsoConfiguration)]
#[expect(clippy::struct_excessive_bools, reason = "the record as it is")]
pub(super) struct SsoConfigurationOut {
    id: SsoConfigurationId,
    tenant: TenantId,
    name: String,
    provider_type: SsoProviderType,
    /// For people.
    #[schema(example = "OpenID Connect")]
    provider_type_display: &'static str,
    is_active: bool,
    /// The one that is offered first.
    is_default: bool,
    idp_entity_id: String,
    idp_sso_url: String,
    idp_slo_url: String,
    /// Whether there is a certificate.
    idp_x509_cert_set: bool,
    oauth_client_id: String,
    /// Whether there is a secret.
    oauth_client_secret_set: bool,
    oauth_authorization_url: String,
    oauth_token_url: String,
    oauth_userinfo_url: String,
    oauth_scopes: String,
    #[schema(value_type = Object)]
    attribute_mapping: Value,
    #[schema(value_type = Object)]
    role_mapping: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<SsoConfiguration> for SsoConfigurationOut {
    fn from(row: SsoConfiguration) -> Self {
        let SsoConfiguration {
            id,
            tenant_id,
            name,
            provider_type,
            is_active,
            is_default,
            idp_entity_id,
            idp_sso_url,
            idp_slo_url,
            idp_x509_cert,
            oauth_client_id,
            oauth_client_secret_sealed,
            oauth_authorization_url,
            oauth_token_url,
            oauth_userinfo_url,
            oauth_scopes,
            attribute_mapping,
            role_mapping,
            version: _,
            created_at,
            updated_at,
        } = row;
        Self {
            id,
            tenant: tenant_id,
            name,
            provider_type,
            provider_type_display: provider_type.label(),
            is_active,
            is_default,
            idp_entity_id,
            idp_sso_url,
            idp_slo_url,
            idp_x509_cert_set: !idp_x509_cert.is_empty(),
            oauth_client_id,
            oauth_client_secret_set: oauth_client_secret_sealed.is_some(),
            oauth_authorization_url,
            oauth_token_url,
            oauth_userinfo_url,
            oauth_scopes,
            attribute_mapping,
            role_mapping,
            created_at,
            updated_at,
        }
    }
}

/// What may be said of a provider; what is left out stays, or is empty.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateSsoConfiguration {
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default)]
    name: Option<String>,
    #[garde(skip)]
    #[serde(default)]
    provider_type: Option<SsoProviderType>,
    #[garde(skip)]
    #[serde(default)]
    is_active: Option<bool>,
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    idp_entity_id: Option<String>,
    #[garde(inner(custom(https_or_empty)))]
    #[serde(default)]
    idp_sso_url: Option<String>,
    #[garde(inner(custom(https_or_empty)))]
    #[serde(default)]
    idp_slo_url: Option<String>,
    /// PEM.
    #[garde(length(bytes, max = 16_384))]
    #[serde(default)]
    idp_x509_cert: Option<String>,
    #[garde(length(chars, max = 255))]
    #[serde(default)]
    oauth_client_id: Option<String>,
    /// Kept encrypted and never shown; null or an empty text forgets it, and so does another token address.
    #[garde(inner(inner(length(bytes, max = 1024))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    oauth_client_secret: Option<Option<String>>,
    #[garde(inner(custom(https_or_empty)))]
    #[serde(default)]
    oauth_authorization_url: Option<String>,
    #[garde(inner(custom(https_or_empty)))]
    #[serde(default)]
    oauth_token_url: Option<String>,
    #[garde(inner(custom(https_or_empty)))]
    #[serde(default)]
    oauth_userinfo_url: Option<String>,
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    oauth_scopes: Option<String>,
    /// Which of the provider's attributes is whose, name to name.
    #[garde(inner(custom(small)))]
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    attribute_mapping: Option<Map<String, Value>>,
    /// Which of the provider's groups makes whom, name to role.
    #[garde(inner(custom(small)))]
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    role_mapping: Option<Map<String, Value>>,
}

fn small(value: &Map<String, Value>, (): &()) -> garde::Result {
    let size = serde_json::to_string(value).map_or(usize::MAX, |text| text.len());
    if size <= 8 * 1024 && value.values().all(Value::is_string) {
        Ok(())
    } else {
        Err(garde::Error::new("Not an object of texts of 8 KiB at most."))
    }
}

impl UpdateSsoConfiguration {
    fn changes(self, app: &App, tenant: TenantId) -> ApiResult<SsoChanges> {
        let place = SsoConfiguration::secret_place(tenant);
        let oauth_client_secret_sealed = app.vault.seal_change(place, self.oauth_client_secret)?;
        Ok(SsoChanges {
            name: self.name,
            provider_type: self.provider_type,
            is_active: self.is_active,
            idp_entity_id: self.idp_entity_id,
            idp_sso_url: self.idp_sso_url,
            idp_slo_url: self.idp_slo_url,
            idp_x509_cert: self.idp_x509_cert,
            oauth_client_id: self.oauth_client_id,
            oauth_client_secret_sealed,
            oauth_authorization_url: self.oauth_authorization_url,
            oauth_token_url: self.oauth_token_url,
            oauth_userinfo_url: self.oauth_userinfo_url,
            oauth_scopes: self.oauth_scopes,
            attribute_mapping: self.attribute_mapping.map(Value::Object),
            role_mapping: self.role_mapping.map(Value::Object),
        })
    }
}

/// Which providers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListSsoConfigurations {
    /// A part of the name.
    search: Option<String>,
    /// Of this kind.
    provider_type: Option<SsoProviderType>,
    /// Switched on, or off.
    is_active: Option<bool>,
}

/// List the tenant's identity providers, newest first.
#[utoipa::path(get, path = "/api/core/settings/sso-configurations/", tag = "federation",
    params(ListSsoConfigurations, Paging), responses((status = OK, body = Listing<SsoConfigurationOut>)))]
pub async fn list_sso_configurations(
    caller: Can<WriteTenant>,
    Query(ListSsoConfigurations { search, provider_type, is_active }): Query<ListSsoConfigurations>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<SsoConfigurationOut>>> {
    let filter = SsoFilter { search, provider_type, is_active };
    let mut conn = db.conn().await?;
    Ok(paging.answer(SsoConfiguration::list(&mut conn, caller.tenant(), &filter, paging.numbered()).await?))
}

/// A new provider: its name and kind, and what that kind needs.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateSsoConfiguration {
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "Acme's directory")]
    name: String,
    #[garde(skip)]
    #[schema(example = "OAUTH_GOOGLE")]
    provider_type: SsoProviderType,
    #[garde(dive)]
    #[serde(default)]
    settings: UpdateSsoConfiguration,
}

/// Add an identity provider.
#[utoipa::path(post, path = "/api/core/settings/sso-configurations/", tag = "federation",
    request_body = CreateSsoConfiguration,
    responses((status = CREATED, body = SsoConfigurationOut), (status = 409, description = "`name_taken`")))]
pub async fn create_sso_configuration(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    db: Db,
    Body(CreateSsoConfiguration { name, provider_type, settings }): Body<CreateSsoConfiguration>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<SsoConfigurationOut>)> {
    let rest = SsoChanges { name: None, provider_type: None, ..settings.changes(&app, caller.tenant())? };
    let mut conn = db.conn().await?;
    let new = NewSso { name, provider_type };
    let made = SsoConfiguration::create(&mut conn, caller.tenant(), new, rest, app.clock.now()).await?;
    let location = format!("/api/core/settings/sso-configurations/{}/", made.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(made.into())))
}

/// A kind of provider.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderType {
    value: SsoProviderType,
    /// For people.
    label: &'static str,
}

/// List the kinds of identity providers.
#[utoipa::path(get, path = "/api/core/settings/sso-configurations/provider-types/", tag = "federation",
    responses((status = OK, body = Vec<ProviderType>)))]
pub async fn list_provider_types(_: Can<WriteTenant>) -> Json<Vec<ProviderType>> {
    let kinds = SsoProviderType::ALL.iter().map(|kind| ProviderType { value: *kind, label: kind.label() });
    Json(kinds.collect())
}

fn there(found: Option<SsoConfiguration>) -> ApiResult<SsoConfiguration> {
    found.ok_or(ApiError::NotFound("configuration"))
}

fn tagged(row: SsoConfiguration) -> Tagged<SsoConfigurationOut> {
    Tagged(row.version, row.into())
}

/// Show an identity provider.
#[utoipa::path(get, path = "/api/core/settings/sso-configurations/{sso_configuration}/", tag = "federation",
    params(("sso_configuration" = SsoConfigurationId, Path)), responses((status = OK, body = SsoConfigurationOut)))]
pub async fn show_sso_configuration(
    caller: Can<WriteTenant>,
    Path(id): Path<SsoConfigurationId>,
    db: Db,
) -> ApiResult<Tagged<SsoConfigurationOut>> {
    let mut conn = db.conn().await?;
    Ok(tagged(there(SsoConfiguration::find(&mut conn, caller.tenant(), id).await?)?))
}

/// Change an identity provider. It must still have what its kind needs.
#[utoipa::path(patch, path = "/api/core/settings/sso-configurations/{sso_configuration}/", tag = "federation",
    params(("sso_configuration" = SsoConfigurationId, Path)), request_body = UpdateSsoConfiguration,
    responses((status = OK, body = SsoConfigurationOut), (status = 409, description = "`name_taken`")))]
pub async fn update_sso_configuration(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    Path(id): Path<SsoConfigurationId>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateSsoConfiguration>,
) -> ApiResult<Tagged<SsoConfigurationOut>> {
    let changes = body.changes(&app, caller.tenant())?;
    let mut conn = db.conn().await?;
    let changed = SsoConfiguration::change(&mut conn, caller.tenant(), id, changes, seen, app.clock.now()).await?;
    Ok(tagged(there(changed)?))
}

/// Delete an identity provider.
#[utoipa::path(delete, path = "/api/core/settings/sso-configurations/{sso_configuration}/", tag = "federation",
    params(("sso_configuration" = SsoConfigurationId, Path)), responses((status = NO_CONTENT)))]
pub async fn delete_sso_configuration(
    caller: Can<WriteTenant>,
    Path(id): Path<SsoConfigurationId>,
    db: Db,
) -> ApiResult<StatusCode> {
    let deleted = SsoConfiguration::delete(&mut *db.conn().await?, caller.tenant(), id).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("configuration")) }
}

/// Switch an identity provider on or off.
#[utoipa::path(post, path = "/api/core/settings/sso-configurations/{sso_configuration}/toggle-status/",
    tag = "federation", params(("sso_configuration" = SsoConfigurationId, Path)),
    responses((status = OK, body = SsoConfigurationOut)))]
pub async fn toggle_sso_configuration(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    Path(id): Path<SsoConfigurationId>,
    db: Db,
) -> ApiResult<Tagged<SsoConfigurationOut>> {
    let mut conn = db.conn().await?;
    Ok(tagged(there(SsoConfiguration::toggle(&mut conn, caller.tenant(), id, app.clock.now()).await?)?))
}

/// Make an identity provider the one that is offered first.
#[utoipa::path(post, path = "/api/core/settings/sso-configurations/{sso_configuration}/set-default/",
    tag = "federation", params(("sso_configuration" = SsoConfigurationId, Path)),
    responses((status = OK, body = SsoConfigurationOut), (status = 409, description = "`not_active`")))]
pub async fn set_default_sso_configuration(
    caller: Can<WriteTenant>,
    State(app): State<App>,
    Path(id): Path<SsoConfigurationId>,
    db: Db,
) -> ApiResult<Tagged<SsoConfigurationOut>> {
    let mut conn = db.conn().await?;
    Ok(tagged(there(SsoConfiguration::set_default(&mut conn, caller.tenant(), id, app.clock.now()).await?)?))
}
