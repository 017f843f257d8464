//! Whom a tenant trusts.

use secrecy::SecretString;

use super::{morning, serial};
use crate::federation::{LtiPlatform, NewLtiPlatform, NewSso, SsoChanges, SsoConfiguration, SsoProviderType};
use crate::ids::TenantId;
use crate::secret::Vault;
use crate::testing::TestDb;

/// An identity provider whose secret is sealed by this vault.
pub async fn sso_configuration_under(db: &TestDb, tenant: TenantId, vault: &Vault) -> SsoConfiguration {
    let new = NewSso { name: format!("Provider {}", serial()), provider_type: SsoProviderType::Google };
    let secret = vault.seal(SsoConfiguration::secret_place(tenant), &SecretString::from("secret")).expect("sealed");
    let rest = SsoChanges {
        oauth_client_id: Some("client".to_owned()),
        oauth_client_secret_sealed: Some(Some(secret)),
        ..SsoChanges::default()
    };
    SsoConfiguration::create(&mut *db.tenant(tenant).await, tenant, new, rest, morning()).await.expect("a provider")
}

/// An identity provider.
pub async fn sso_configuration(db: &TestDb, tenant: TenantId) -> SsoConfiguration {
    let new = NewSso { name: format!("Provider {}", serial()), provider_type: SsoProviderType::Google };
    let rest = SsoChanges { oauth_client_id: Some("client".to_owned()), ..SsoChanges::default() };
    SsoConfiguration::create(&mut *db.tenant(tenant).await, tenant, new, rest, morning()).await.expect("a provider")
}

/// A learning platform.
pub async fn lti_platform(db: &TestDb, tenant: TenantId) -> LtiPlatform {
    lti_platform_under(db, tenant, &vault()).await
}

/// A vault of the tests' own.
pub fn vault() -> Vault {
    Vault::new(&SecretString::from("test"), &[]).expect("a vault")
}

/// A learning platform whose key is sealed by this vault.
pub async fn lti_platform_under(db: &TestDb, tenant: TenantId, vault: &Vault) -> LtiPlatform {
    let place = LtiPlatform::key_place(tenant);
    let new = NewLtiPlatform {
        name: format!("Platform {}", serial()),
        issuer: "https://platform.example.org".to_owned(),
        client_id: serial().to_string(),
        auth_login_url: String::new(),
        auth_token_url: String::new(),
        keyset_url: String::new(),
        is_active: true,
        tool_public_key: String::new(),
        tool_private_key_sealed: vault.seal(place, &SecretString::from("key")).expect("sealed"),
        deployments: vec!["1".to_owned()],
    };
    let made = LtiPlatform::create(&mut *db.tenant(tenant).await, tenant, new, morning()).await;
    made.expect("a platform").platform
}
