//! Identity providers of a tenant.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::FederationError;
use crate::db::schema::{sql_types, sso_configurations};
use crate::db::{Conn, Error, Numbered, Page, containing, sql_enum};
use crate::ids::{SsoConfigurationId, TenantId};
use crate::secret::{Place, Sealed};

sql_enum! {
    /// What an identity provider speaks.
    SsoProviderType: sql_types::SsoProviderType {
        /// SAML 2.0.
        Saml = "SAML",
        /// Google's OAuth 2.0.
        Google = "OAUTH_GOOGLE",
        /// Microsoft's OAuth 2.0.
        Microsoft = "OAUTH_MICROSOFT",
        /// Somebody else's OAuth 2.0.
        Generic = "OAUTH_GENERIC",
        /// OpenID Connect.
        Oidc = "OIDC",
    }
}

impl SsoProviderType {
    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Saml => "SAML 2.0",
            Self::Google => "Google OAuth 2.0",
            Self::Microsoft => "Microsoft OAuth 2.0",
            Self::Generic => "Generic OAuth 2.0",
            Self::Oidc => "OpenID Connect",
        }
    }
}

/// An identity provider of a tenant.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = sso_configurations, treat_none_as_default_value = false)]
pub struct SsoConfiguration {
    pub id: SsoConfigurationId,
    pub tenant_id: TenantId,
    pub name: String,
    pub provider_type: SsoProviderType,
    pub is_active: bool,
    /// The one that is offered first; one of a tenant at most.
    pub is_default: bool,
    pub idp_entity_id: String,
    pub idp_sso_url: String,
    pub idp_slo_url: String,
    /// PEM; public, but long.
    pub idp_x509_cert: String,
    pub oauth_client_id: String,
    pub oauth_client_secret_sealed: Option<Sealed>,
    pub oauth_authorization_url: String,
    pub oauth_token_url: String,
    pub oauth_userinfo_url: String,
    pub oauth_scopes: String,
    pub attribute_mapping: Value,
    pub role_mapping: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// An identity provider about to be made; the rest is said by changes.
#[derive(Debug, Clone)]
pub struct NewSso {
    pub name: String,
    pub provider_type: SsoProviderType,
}

/// What may be changed; what is `None` stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = sso_configurations)]
pub struct SsoChanges {
    pub name: Option<String>,
    pub provider_type: Option<SsoProviderType>,
    pub is_active: Option<bool>,
    pub idp_entity_id: Option<String>,
    pub idp_sso_url: Option<String>,
    pub idp_slo_url: Option<String>,
    pub idp_x509_cert: Option<String>,
    pub oauth_client_id: Option<String>,
    pub oauth_client_secret_sealed: Option<Option<Sealed>>,
    pub oauth_authorization_url: Option<String>,
    pub oauth_token_url: Option<String>,
    pub oauth_userinfo_url: Option<String>,
    pub oauth_scopes: Option<String>,
    pub attribute_mapping: Option<Value>,
    pub role_mapping: Option<Value>,
}

/// Which providers are meant.
#[derive(Debug, Clone, Default)]
pub struct SsoFilter {
    /// A part of the name.
    pub search: Option<String>,
    pub provider_type: Option<SsoProviderType>,
    pub is_active: Option<bool>,
}

impl SsoConfiguration {
    /// Where a client's secret is sealed for.
    pub const fn secret_place(tenant: TenantId) -> Place {
        Place { tenant, column: "sso_configurations.oauth_client_secret" }
    }

    /// A tenant's providers, newest first.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        filter: &SsoFilter,
        page: Numbered,
    ) -> Result<Page<Self>, Error> {
        let matching = || {
            let mut query = sso_configurations::table.filter(sso_configurations::tenant_id.eq(tenant)).into_boxed();
            if let Some(search) = &filter.search {
                query = query.filter(sso_configurations::name.ilike(containing(search)));
            }
            if let Some(provider_type) = filter.provider_type {
                query = query.filter(sso_configurations::provider_type.eq(provider_type));
            }
            if let Some(is_active) = filter.is_active {
                query = query.filter(sso_configurations::is_active.eq(is_active));
            }
            query
        };
        let total = matching().count().get_result(conn).await?;
        let items = matching()
            .order((sso_configurations::created_at.desc(), sso_configurations::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(items, total))
    }

    /// The tenant's provider with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: SsoConfigurationId) -> Result<Option<Self>, Error> {
        sso_configurations::table
            .filter(sso_configurations::tenant_id.eq(tenant))
            .filter(sso_configurations::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Makes one, and it is whole.
    pub async fn create(
        conn: &mut Conn,
        tenant: TenantId,
        new: NewSso,
        rest: SsoChanges,
        now: DateTime<Utc>,
    ) -> Result<Self, FederationError> {
        conn.transaction(async |conn| {
            let id = SsoConfigurationId::new();
            diesel::insert_into(sso_configurations::table)
                .values((
                    sso_configurations::id.eq(id),
                    sso_configurations::tenant_id.eq(tenant),
                    sso_configurations::name.eq(new.name),
                    sso_configurations::provider_type.eq(new.provider_type),
                    sso_configurations::created_at.eq(now),
                    sso_configurations::updated_at.eq(now),
                ))
                .execute(conn)
                .await?;
            let made = diesel::update(sso_configurations::table.find(id))
                .set((rest, sso_configurations::updated_at.eq(now)))
                .returning(Self::as_returning())
                .get_result::<Self>(conn)
                .await?;
            made.is_whole()?;
            Ok(made)
        })
        .await
    }

    /// Changes one, and it is still whole. `seen` is the version that the change is meant for. The
    /// secret is for one address only: another does not get it. None when there is none.
    pub async fn change(
        conn: &mut Conn,
        tenant: TenantId,
        id: SsoConfigurationId,
        mut changes: SsoChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, FederationError> {
        conn.transaction(async |conn| {
            let its = sso_configurations::table
                .filter(sso_configurations::tenant_id.eq(tenant))
                .filter(sso_configurations::id.eq(id));
            let before = its
                .select((sso_configurations::version, sso_configurations::oauth_token_url))
                .for_update()
                .first::<(i32, String)>(conn)
                .await
                .optional()?;
            let Some((version, token_url)) = before else { return Ok(None) };
            if seen.is_some_and(|seen| seen != version) {
                return Err(FederationError::Changed);
            }
            if changes.oauth_token_url.as_ref().is_some_and(|new| *new != token_url) {
                changes.oauth_client_secret_sealed.get_or_insert(None);
            }
            let changed = diesel::update(sso_configurations::table.find(id))
                .set((
                    changes,
                    sso_configurations::version.eq(sso_configurations::version + 1),
                    sso_configurations::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result::<Self>(conn)
                .await?;
            changed.is_whole()?;
            Ok(Some(changed))
        })
        .await
    }

    /// Switches one on or off; what is off is no default. None when there is none.
    pub async fn toggle(
        conn: &mut Conn,
        tenant: TenantId,
        id: SsoConfigurationId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        diesel::update(sso_configurations::table.find(id))
            .filter(sso_configurations::tenant_id.eq(tenant))
            .set((
                sso_configurations::is_active.eq(diesel::dsl::not(sso_configurations::is_active)),
                sso_configurations::is_default
                    .eq(sso_configurations::is_default.and(diesel::dsl::not(sso_configurations::is_active))),
                sso_configurations::version.eq(sso_configurations::version + 1),
                sso_configurations::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()
    }

    /// Makes one the tenant's default in place of another. None when there is none.
    pub async fn set_default(
        conn: &mut Conn,
        tenant: TenantId,
        id: SsoConfigurationId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, FederationError> {
        conn.transaction(async |conn| {
            // All of them, in one order: two who choose at once wait for each other.
            let ours = sso_configurations::table
                .filter(sso_configurations::tenant_id.eq(tenant))
                .order(sso_configurations::id)
                .select((sso_configurations::id, sso_configurations::is_active))
                .for_update()
                .load::<(SsoConfigurationId, bool)>(conn)
                .await?;
            match ours.into_iter().find(|(own, _)| *own == id) {
                None => return Ok(None),
                Some((_, false)) => return Err(FederationError::NotActive),
                Some((_, true)) => {}
            }
            diesel::update(sso_configurations::table)
                .filter(sso_configurations::tenant_id.eq(tenant))
                .filter(sso_configurations::is_default)
                .filter(sso_configurations::id.ne(id))
                .set(sso_configurations::is_default.eq(false))
                .execute(conn)
                .await?;
            let chosen = diesel::update(sso_configurations::table.find(id))
                .set((
                    sso_configurations::is_default.eq(true),
                    sso_configurations::version.eq(sso_configurations::version + 1),
                    sso_configurations::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            Ok(Some(chosen))
        })
        .await
    }

    /// Deletes one. Says whether there was one.
    pub async fn delete(conn: &mut Conn, tenant: TenantId, id: SsoConfigurationId) -> Result<bool, Error> {
        let deleted = diesel::delete(sso_configurations::table)
            .filter(sso_configurations::tenant_id.eq(tenant))
            .filter(sso_configurations::id.eq(id))
            .execute(conn)
            .await?;
        Ok(deleted > 0)
    }

    /// Whether it has what its kind of provider needs.
    fn is_whole(&self) -> Result<(), FederationError> {
        let oauth = [("oauth_client_id", &self.oauth_client_id)];
        let urls =
            [("oauth_authorization_url", &self.oauth_authorization_url), ("oauth_token_url", &self.oauth_token_url)];
        let saml = [("idp_entity_id", &self.idp_entity_id), ("idp_sso_url", &self.idp_sso_url)];
        let needed: Vec<_> = match self.provider_type {
            SsoProviderType::Saml => saml.to_vec(),
            SsoProviderType::Google | SsoProviderType::Microsoft => oauth.to_vec(),
            SsoProviderType::Generic | SsoProviderType::Oidc => [oauth.as_slice(), urls.as_slice()].concat(),
        };
        match needed.into_iter().find(|(_, value)| value.is_empty()) {
            Some((field, _)) => Err(FederationError::Missing(field)),
            None => Ok(()),
        }
    }
}
