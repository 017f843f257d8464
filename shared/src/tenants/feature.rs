//! What may be switched on and off for a tenant.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::db::schema::{platform_settings, tenants};
use crate::db::{Conn, Error};
use crate::ids::TenantId;

/// Something that may be switched on and off. No other names are taken: a switch that nobody knows
/// would do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Certificates are issued, drawn again and renewed. What was issued stays.
    Certificates,
    /// Anything made by models. Its part of the platform is not there yet.
    Ai,
    /// Content made by models. Its part of the platform is not there yet.
    AiContentGeneration,
    /// Paths through several courses. Its part of the platform is not there yet.
    LearningPaths,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Self; 4] = [Self::Certificates, Self::Ai, Self::AiContentGeneration, Self::LearningPaths];

    /// What it is called in `feature_flags`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certificates => "certificates_enabled",
            Self::Ai => "ai_enabled",
            Self::AiContentGeneration => "ai_content_generation",
            Self::LearningPaths => "learning_paths_enabled",
        }
    }

    /// Whether there is one of this name.
    pub fn is_known(name: &str) -> bool {
        Self::ALL.iter().any(|feature| feature.name() == name)
    }

    /// Whether it is on where neither the tenant nor the platform says anything.
    const fn is_usual(self) -> bool {
        matches!(self, Self::Certificates)
    }

    /// Whether it is on for this tenant.
    pub async fn is_on(self, conn: &mut Conn, tenant: TenantId) -> Result<bool, Error> {
        Ok(Features::of(conn, tenant).await?.has(self))
    }
}

/// What is switched on and off for a tenant: what it says itself, and where it says nothing what the
/// platform says.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    own: Value,
    platform: Value,
}

impl Features {
    /// A tenant's.
    pub async fn of(conn: &mut Conn, tenant: TenantId) -> Result<Self, Error> {
        let found = tenants::table
            .inner_join(platform_settings::table.on(platform_settings::is_only))
            .filter(tenants::id.eq(tenant))
            .select((tenants::feature_flags, platform_settings::feature_flags))
            .first::<(Value, Value)>(conn)
            .await
            .optional()?;
        let (own, platform) = found.unwrap_or_default();
        Ok(Self { own, platform })
    }

    /// Whether this one is on.
    pub fn has(&self, feature: Feature) -> bool {
        let said = |flags: &Value| flags.get(feature.name()).and_then(Value::as_bool);
        said(&self.own).or_else(|| said(&self.platform)).unwrap_or(feature.is_usual())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_tenant_decides_then_the_platform_then_what_is_usual() {
        for (own, platform, expected) in [
            (json!({}), json!({}), true),
            (json!({}), json!({"certificates_enabled": false}), false),
            (json!({"certificates_enabled": true}), json!({"certificates_enabled": false}), true),
            (json!({"certificates_enabled": "no"}), json!({}), true),
        ] {
            let features = Features { own, platform };
            assert_eq!(features.has(Feature::Certificates), expected, "{features:?}");
        }
        assert!(!Features { own: json!({}), platform: json!({}) }.has(Feature::Ai));
        assert!(Feature::is_known("ai_content_generation") && !Feature::is_known("skills"));
    }
}
