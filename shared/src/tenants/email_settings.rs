//! A tenant's own mail server.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use secrecy::SecretString;

use super::SettingsError;
use crate::db::schema::tenant_email_settings;
use crate::db::{Conn, Error, broken_constraint};
use crate::ids::TenantId;
use crate::secret::{CannotOpen, Place, Sealed, Vault};

/// How a tenant's mails go out when not by the platform's server.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenant_email_settings, treat_none_as_default_value = false)]
pub struct EmailSettings {
    pub tenant_id: TenantId,
    /// Whether the tenant's mails go this way.
    pub is_enabled: bool,
    pub smtp_host: String,
    pub smtp_port: i32,
    /// Nobody signs in when it is empty.
    pub smtp_username: String,
    pub smtp_password_sealed: Option<Sealed>,
    /// STARTTLS, demanded.
    pub smtp_use_tls: bool,
    /// TLS from the first byte.
    pub smtp_use_ssl: bool,
    pub default_from_email: String,
    pub default_from_name: String,
    /// Seconds.
    pub email_timeout: i32,
    /// Zero: never written.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What may be changed; what is `None` stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = tenant_email_settings)]
pub struct EmailSettingsChanges {
    pub is_enabled: Option<bool>,
    pub smtp_host: Option<String>,
    pub smtp_port: Option<i32>,
    pub smtp_username: Option<String>,
    pub smtp_password_sealed: Option<Option<Sealed>>,
    pub smtp_use_tls: Option<bool>,
    pub smtp_use_ssl: Option<bool>,
    pub default_from_email: Option<String>,
    pub default_from_name: Option<String>,
    pub email_timeout: Option<i32>,
}

impl EmailSettingsChanges {
    /// Whether a password would go where, or in a way in which, its owner never said: to another
    /// server, or readable on its way. Else whoever may change the settings, but was never told the
    /// password, has it sent to themselves.
    fn expose(&self, before: &EmailSettings) -> bool {
        let is_elsewhere = self.smtp_host.as_ref().is_some_and(|host| *host != before.smtp_host)
            || self.smtp_port.is_some_and(|port| port != before.smtp_port);
        let stays_private =
            self.smtp_use_tls.unwrap_or(before.smtp_use_tls) || self.smtp_use_ssl.unwrap_or(before.smtp_use_ssl);
        let was_private = before.smtp_use_tls || before.smtp_use_ssl;
        is_elsewhere || (was_private && !stays_private)
    }
}

/// The ports at which mail servers take mail from those who may send.
pub const SMTP_PORTS: &[u16] = &[25, 465, 587, 2525];

impl EmailSettings {
    /// Where a tenant's password is sealed for.
    pub const fn password_place(tenant: TenantId) -> Place {
        Place { tenant, column: "tenant_email_settings.smtp_password" }
    }

    /// The password.
    pub fn password(&self, vault: &Vault) -> Result<Option<SecretString>, CannotOpen> {
        let sealed = self.smtp_password_sealed.as_ref();
        sealed.map(|sealed| vault.open(Self::password_place(self.tenant_id), sealed)).transpose()
    }

    /// The settings of this tenant, or the defaults.
    pub async fn of(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<Self, Error> {
        let found = tenant_email_settings::table
            .filter(tenant_email_settings::tenant_id.eq(tenant))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()?;
        Ok(found.unwrap_or_else(|| Self::unset(tenant, now)))
    }

    fn unset(tenant_id: TenantId, now: DateTime<Utc>) -> Self {
        Self {
            tenant_id,
            is_enabled: false,
            smtp_host: String::new(),
            smtp_port: 587,
            smtp_username: String::new(),
            smtp_password_sealed: None,
            smtp_use_tls: true,
            smtp_use_ssl: false,
            default_from_email: String::new(),
            default_from_name: String::new(),
            email_timeout: 15,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Changes them. `seen` is the version that the change is meant for. The password is for the
    /// server and the way on which it was given: with another one it is given anew, or forgotten.
    pub async fn change(
        conn: &mut Conn,
        tenant: TenantId,
        mut changes: EmailSettingsChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, SettingsError> {
        let changed = conn
            .transaction::<_, SettingsError, _>(async |conn| {
                diesel::insert_into(tenant_email_settings::table)
                    .values(&Self::unset(tenant, now))
                    .on_conflict(tenant_email_settings::tenant_id)
                    .do_nothing()
                    .execute(conn)
                    .await?;
                let its = tenant_email_settings::table.filter(tenant_email_settings::tenant_id.eq(tenant));
                let before: Self = its.select(Self::as_select()).for_update().first(conn).await?;
                if seen.is_some_and(|seen| seen != before.version) {
                    return Err(SettingsError::Changed);
                }
                if changes.expose(&before) {
                    changes.smtp_password_sealed.get_or_insert(None);
                }
                let set = (
                    changes,
                    tenant_email_settings::version.eq(tenant_email_settings::version + 1),
                    tenant_email_settings::updated_at.eq(now),
                );
                let row = diesel::update(tenant_email_settings::table.find(tenant)).set(set);
                Ok(row.returning(Self::as_returning()).get_result(conn).await?)
            })
            .await;
        changed.map_err(|error| match error {
            SettingsError::Database(error) => match broken_constraint(&error) {
                Some("tenant_email_settings_one_security") => SettingsError::TwoKindsOfTls,
                Some("tenant_email_settings_complete") => SettingsError::Incomplete,
                _ => SettingsError::Database(error),
            },
            other => other,
        })
    }
}
