//! Learning platforms that launch a tenant's courses by LTI 1.3.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::FederationError;
use crate::db::schema::{lti_deployments, lti_platforms};
use crate::db::{Conn, Error, Numbered, Page, containing};
use crate::ids::{LtiDeploymentId, LtiPlatformId, TenantId};
use crate::secret::{Place, Sealed};

/// A learning platform, with a key pair of ours for it.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = lti_platforms, treat_none_as_default_value = false)]
pub struct LtiPlatform {
    pub id: LtiPlatformId,
    pub tenant_id: TenantId,
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub auth_login_url: String,
    pub auth_token_url: String,
    pub keyset_url: String,
    /// PEM.
    pub tool_public_key: String,
    pub tool_private_key_sealed: Sealed,
    pub is_active: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// PEM: the one before the last renewal.
    pub former_public_key: Option<String>,
    pub former_key_until: Option<DateTime<Utc>>,
}

/// How long a key is shown after another has taken its place: platforms keep sets of keys for hours.
const FAREWELL: TimeDelta = TimeDelta::hours(24);

/// A platform with the deployments in which our tool was installed.
#[derive(Debug, Clone, PartialEq)]
pub struct LtiPlatformRow {
    pub platform: LtiPlatform,
    pub deployments: Vec<String>,
}

/// A platform about to be made.
#[derive(Debug, Clone)]
pub struct NewLtiPlatform {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub auth_login_url: String,
    pub auth_token_url: String,
    pub keyset_url: String,
    pub is_active: bool,
    pub tool_public_key: String,
    pub tool_private_key_sealed: Sealed,
    pub deployments: Vec<String>,
}

/// What may be changed; what is `None` stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = lti_platforms)]
pub struct LtiPlatformChanges {
    pub name: Option<String>,
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    pub auth_login_url: Option<String>,
    pub auth_token_url: Option<String>,
    pub keyset_url: Option<String>,
    pub is_active: Option<bool>,
}

/// Which platforms are meant.
#[derive(Debug, Clone, Default)]
pub struct LtiFilter {
    /// A part of name, issuer or client.
    pub search: Option<String>,
    pub is_active: Option<bool>,
}

impl LtiPlatform {
    /// Where a private key is sealed for.
    pub const fn key_place(tenant: TenantId) -> Place {
        Place { tenant, column: "lti_platforms.tool_private_key" }
    }

    /// A tenant's platforms, newest first.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        filter: &LtiFilter,
        page: Numbered,
    ) -> Result<Page<LtiPlatformRow>, Error> {
        let matching = || {
            let mut query = lti_platforms::table.filter(lti_platforms::tenant_id.eq(tenant)).into_boxed();
            if let Some(search) = &filter.search {
                let pattern = containing(search);
                let by_name = lti_platforms::name.ilike(pattern.clone());
                let by_issuer = lti_platforms::issuer.ilike(pattern.clone());
                query = query.filter(by_name.or(by_issuer).or(lti_platforms::client_id.ilike(pattern)));
            }
            if let Some(is_active) = filter.is_active {
                query = query.filter(lti_platforms::is_active.eq(is_active));
            }
            query
        };
        let total = matching().count().get_result(conn).await?;
        let platforms: Vec<Self> = matching()
            .order((lti_platforms::created_at.desc(), lti_platforms::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(with_deployments(conn, tenant, platforms).await?, total))
    }

    /// The tenant's platform with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: LtiPlatformId) -> Result<Option<LtiPlatformRow>, Error> {
        let found = lti_platforms::table
            .filter(lti_platforms::tenant_id.eq(tenant))
            .filter(lti_platforms::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()?;
        Ok(with_deployments(conn, tenant, found.into_iter().collect()).await?.pop())
    }

    /// Makes one with its deployments, all or nothing.
    pub async fn create(
        conn: &mut Conn,
        tenant: TenantId,
        new: NewLtiPlatform,
        now: DateTime<Utc>,
    ) -> Result<LtiPlatformRow, FederationError> {
        conn.transaction(async |conn| {
            let NewLtiPlatform {
                name,
                issuer,
                client_id,
                auth_login_url,
                auth_token_url,
                keyset_url,
                is_active,
                tool_public_key,
                tool_private_key_sealed,
                deployments,
            } = new;
            let platform = Self {
                id: LtiPlatformId::new(),
                tenant_id: tenant,
                name,
                issuer,
                client_id,
                auth_login_url,
                auth_token_url,
                keyset_url,
                tool_public_key,
                tool_private_key_sealed,
                is_active,
                version: 1,
                created_at: now,
                updated_at: now,
                former_public_key: None,
                former_key_until: None,
            };
            diesel::insert_into(lti_platforms::table).values(&platform).execute(conn).await?;
            replace_deployments(conn, &platform, &deployments, now).await?;
            Ok(LtiPlatformRow { platform, deployments })
        })
        .await
    }

    /// Changes one; `deployments` replaces them all. `seen` is the version that the change is meant
    /// for. None when there is none.
    pub async fn change(
        conn: &mut Conn,
        tenant: TenantId,
        id: LtiPlatformId,
        changes: LtiPlatformChanges,
        deployments: Option<Vec<String>>,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Option<LtiPlatformRow>, FederationError> {
        conn.transaction(async |conn| {
            let its = lti_platforms::table.filter(lti_platforms::tenant_id.eq(tenant)).filter(lti_platforms::id.eq(id));
            let before = its.select(lti_platforms::version).for_update().first::<i32>(conn).await.optional()?;
            let Some(before) = before else { return Ok(None) };
            if seen.is_some_and(|seen| seen != before) {
                return Err(FederationError::Changed);
            }
            let platform: Self = diesel::update(lti_platforms::table.find(id))
                .set((changes, lti_platforms::version.eq(before + 1), lti_platforms::updated_at.eq(now)))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            if let Some(deployments) = deployments {
                replace_deployments(conn, &platform, &deployments, now).await?;
            }
            Ok(with_deployments(conn, tenant, vec![platform]).await?.pop())
        })
        .await
    }

    /// Gives one a new key pair. The public key that it had is shown for another day; the one before
    /// that is gone, so that renewing twice takes back a key that was stolen. Says whether there was
    /// such a platform.
    pub async fn renew_keys(
        conn: &mut Conn,
        tenant: TenantId,
        id: LtiPlatformId,
        (public_key, private_key_sealed): (&str, &Sealed),
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let renewed = diesel::update(lti_platforms::table.find(id))
            .filter(lti_platforms::tenant_id.eq(tenant))
            .set((
                lti_platforms::former_public_key.eq(lti_platforms::tool_public_key.nullable()),
                lti_platforms::former_key_until.eq(now + FAREWELL),
                lti_platforms::tool_public_key.eq(public_key),
                lti_platforms::tool_private_key_sealed.eq(private_key_sealed),
                lti_platforms::version.eq(lti_platforms::version + 1),
                lti_platforms::updated_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(renewed > 0)
    }

    /// The public keys to believe now, as PEM: the current one first.
    pub fn public_keys(&self, now: DateTime<Utc>) -> impl Iterator<Item = &str> {
        let is_shown = self.former_key_until.is_some_and(|until| now < until);
        let former = self.former_public_key.as_deref().filter(|_| is_shown);
        std::iter::once(self.tool_public_key.as_str()).chain(former)
    }

    /// Switches one on or off. None when there is none.
    pub async fn toggle(
        conn: &mut Conn,
        tenant: TenantId,
        id: LtiPlatformId,
        now: DateTime<Utc>,
    ) -> Result<Option<LtiPlatformRow>, Error> {
        let toggled = diesel::update(lti_platforms::table.find(id))
            .filter(lti_platforms::tenant_id.eq(tenant))
            .set((
                lti_platforms::is_active.eq(diesel::dsl::not(lti_platforms::is_active)),
                lti_platforms::version.eq(lti_platforms::version + 1),
                lti_platforms::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        Ok(with_deployments(conn, tenant, toggled.into_iter().collect()).await?.pop())
    }

    /// Deletes one with its deployments. Says whether there was one.
    pub async fn delete(conn: &mut Conn, tenant: TenantId, id: LtiPlatformId) -> Result<bool, Error> {
        let deleted = diesel::delete(lti_platforms::table)
            .filter(lti_platforms::tenant_id.eq(tenant))
            .filter(lti_platforms::id.eq(id))
            .execute(conn)
            .await?;
        Ok(deleted > 0)
    }
}

/// The deployments of these platforms, in one query.
async fn with_deployments(
    conn: &mut Conn,
    tenant: TenantId,
    platforms: Vec<LtiPlatform>,
) -> Result<Vec<LtiPlatformRow>, Error> {
    let ids: Vec<LtiPlatformId> = platforms.iter().map(|platform| platform.id).collect();
    let deployments = lti_deployments::table
        .filter(lti_deployments::tenant_id.eq(tenant))
        .filter(lti_deployments::platform_id.eq_any(ids))
        .order(lti_deployments::deployment_id)
        .select((lti_deployments::platform_id, lti_deployments::deployment_id))
        .load::<(LtiPlatformId, String)>(conn)
        .await?;
    let of = |id| deployments.iter().filter(move |(platform, _)| *platform == id).map(|(_, name)| name.clone());
    let rows = platforms.into_iter().map(|platform| {
        let deployments = of(platform.id).collect();
        LtiPlatformRow { platform, deployments }
    });
    Ok(rows.collect())
}

async fn replace_deployments(
    conn: &mut Conn,
    platform: &LtiPlatform,
    deployments: &[String],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    diesel::delete(lti_deployments::table)
        .filter(lti_deployments::tenant_id.eq(platform.tenant_id))
        .filter(lti_deployments::platform_id.eq(platform.id))
        .filter(diesel::dsl::not(lti_deployments::deployment_id.eq_any(deployments)))
        .execute(conn)
        .await?;
    let rows: Vec<_> = deployments
        .iter()
        .map(|deployment| {
            (
                lti_deployments::id.eq(LtiDeploymentId::new()),
                lti_deployments::tenant_id.eq(platform.tenant_id),
                lti_deployments::platform_id.eq(platform.id),
                lti_deployments::deployment_id.eq(deployment),
                lti_deployments::created_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(lti_deployments::table)
        .values(rows)
        .on_conflict((lti_deployments::platform_id, lti_deployments::deployment_id))
        .do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}
