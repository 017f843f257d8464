//! What a tenant's administrator has set up: a mail server, providers of identities, a learning
//! platform. Nothing of it is anywhere, and the secrets open nothing.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use secrecy::SecretString;
use serde_json::json;

use super::{DemoError, Seed};
use crate::db::Conn;
use crate::db::schema::{lti_deployments, lti_platforms, sso_configurations, tenant_email_settings};
use crate::federation::{KeyPair, LtiPlatform, SsoConfiguration, SsoProviderType};
use crate::ids::{LtiDeploymentId, LtiPlatformId, SsoConfigurationId};
use crate::secret::{Place, Sealed};
use crate::tenants::EmailSettings;

impl Seed<'_> {
    /// A mail server that is not switched on, two providers of identities, and a learning platform in
    /// which the tool was installed twice. Returns how many providers and platforms.
    pub(super) async fn trust(&self, conn: &mut Conn) -> Result<(usize, usize), DemoError> {
        self.mail_server(conn).await?;
        Ok((self.providers(conn).await?, self.learning_platform(conn).await?))
    }

    /// The demo's mails go by the platform's server, so that they are found in the inbox.
    async fn mail_server(&self, conn: &mut Conn) -> Result<(), DemoError> {
        let settings = EmailSettings {
            tenant_id: self.tenant,
            is_enabled: false,
            smtp_host: format!("smtp.{}.example", self.slug),
            smtp_port: 587,
            smtp_username: "lms".to_owned(),
            smtp_password_sealed: Some(self.seal(EmailSettings::password_place(self.tenant), "demo")?),
            smtp_use_tls: true,
            smtp_use_ssl: false,
            default_from_email: format!("courses@{}.example", self.slug),
            default_from_name: "Courses".to_owned(),
            email_timeout: 15,
            version: 1,
            created_at: self.days_ago(100),
            updated_at: self.days_ago(100),
        };
        diesel::insert_into(tenant_email_settings::table).values(&settings).execute(conn).await?;
        Ok(())
    }

    async fn providers(&self, conn: &mut Conn) -> Result<usize, DemoError> {
        let at = self.days_ago(80);
        let saml = diesel::insert_into(sso_configurations::table)
            .values((
                sso_configurations::id.eq(SsoConfigurationId(self.id("provider saml"))),
                sso_configurations::tenant_id.eq(self.tenant),
                sso_configurations::name.eq("Staff directory"),
                sso_configurations::provider_type.eq(SsoProviderType::Saml),
                sso_configurations::idp_entity_id.eq(format!("https://idp.{}.example/metadata", self.slug)),
                sso_configurations::idp_sso_url.eq(format!("https://idp.{}.example/sso", self.slug)),
                sso_configurations::is_active.eq(true),
                sso_configurations::is_default.eq(true),
                sso_configurations::role_mapping.eq(json!({"staff": "INSTRUCTOR"})),
                sso_configurations::created_at.eq(at),
                sso_configurations::updated_at.eq(at),
            ))
            .execute(conn)
            .await?;
        let secret = self.seal(SsoConfiguration::secret_place(self.tenant), "demo")?;
        let google = diesel::insert_into(sso_configurations::table)
            .values((
                sso_configurations::id.eq(SsoConfigurationId(self.id("provider google"))),
                sso_configurations::tenant_id.eq(self.tenant),
                sso_configurations::name.eq("Google"),
                sso_configurations::provider_type.eq(SsoProviderType::Google),
                sso_configurations::oauth_client_id.eq(format!("{}.apps.example", self.slug)),
                sso_configurations::oauth_client_secret_sealed.eq(secret),
                sso_configurations::is_active.eq(false),
                sso_configurations::created_at.eq(at),
                sso_configurations::updated_at.eq(at),
            ))
            .execute(conn)
            .await?;
        Ok(saml + google)
    }

    /// The key pair is a new one each time: there is no such thing as a demo's secret key.
    async fn learning_platform(&self, conn: &mut Conn) -> Result<usize, DemoError> {
        let at = self.days_ago(70);
        let id = LtiPlatformId(self.id("learning platform"));
        let pair = KeyPair::generate().map_err(DemoError::Secret)?;
        let sealed =
            self.vault.seal(LtiPlatform::key_place(self.tenant), &pair.private_key).map_err(DemoError::Secret)?;
        let platform = LtiPlatform {
            id,
            tenant_id: self.tenant,
            name: "Canvas".to_owned(),
            issuer: format!("https://canvas.{}.example", self.slug),
            client_id: "10000000000001".to_owned(),
            auth_login_url: format!("https://canvas.{}.example/api/lti/authorize_redirect", self.slug),
            auth_token_url: format!("https://canvas.{}.example/login/oauth2/token", self.slug),
            keyset_url: format!("https://canvas.{}.example/api/lti/security/jwks", self.slug),
            tool_public_key: pair.public_key,
            tool_private_key_sealed: sealed,
            is_active: true,
            version: 1,
            created_at: at,
            updated_at: at,
            former_public_key: None,
            former_key_until: None,
        };
        let made = diesel::insert_into(lti_platforms::table).values(&platform).execute(conn).await?;
        let deployment = |name: &'static str| {
            (
                lti_deployments::id.eq(LtiDeploymentId(self.id(&format!("deployment {name}")))),
                lti_deployments::tenant_id.eq(self.tenant),
                lti_deployments::platform_id.eq(id),
                lti_deployments::deployment_id.eq(name),
                lti_deployments::created_at.eq(at),
            )
        };
        let rows: Vec<_> = ["1:main", "2:evening-school"].into_iter().map(deployment).collect();
        diesel::insert_into(lti_deployments::table).values(rows).execute(conn).await?;
        Ok(made)
    }

    fn seal(&self, place: Place, secret: &str) -> Result<Sealed, DemoError> {
        self.vault.seal(place, &SecretString::from(secret)).map_err(DemoError::Secret)
    }
}
