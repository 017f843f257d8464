//! What a person wants to hear of, and how.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::{DeliveryChannel, NotificationType};
use crate::db::schema::notification_preferences;
use crate::db::{Conn, Error};
use crate::ids::{TenantId, UserId};

/// Yes or no for each type and channel.
pub type Choices = BTreeMap<NotificationType, BTreeMap<DeliveryChannel, bool>>;

/// What a person wants to hear of. Nobody needs to have chosen: there are defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    pub user: UserId,
    /// Off: nothing at all.
    pub is_enabled: bool,
    /// What was chosen; what was not has its default.
    chosen: Choices,
    /// When it was last changed, if ever.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A change of them.
#[derive(Debug, Clone, Default)]
pub struct PreferencesChange {
    /// As in [`Preferences`]; none leaves it.
    pub is_enabled: Option<bool>,
    /// These choices; none leaves them all.
    pub choices: Option<Choices>,
    /// Choices that are not named go back to their defaults.
    pub replaces: bool,
}

impl Preferences {
    fn new(user: UserId, row: Option<(bool, Value, DateTime<Utc>)>) -> Self {
        match row {
            Some((is_enabled, chosen, updated_at)) => {
                Self { user, is_enabled, chosen: read(&chosen), updated_at: Some(updated_at) }
            }
            None => Self { user, is_enabled: true, chosen: Choices::new(), updated_at: None },
        }
    }

    /// A person's preferences.
    pub async fn of(conn: &mut Conn, tenant: TenantId, user: UserId) -> Result<Self, Error> {
        let row = notification_preferences::table
            .filter(notification_preferences::tenant_id.eq(tenant))
            .filter(notification_preferences::user_id.eq(user))
            .select((
                notification_preferences::is_enabled,
                notification_preferences::preferences,
                notification_preferences::updated_at,
            ))
            .first(conn)
            .await
            .optional()?;
        Ok(Self::new(user, row))
    }

    /// Changes them, and says what they are now. Two changes at once are made one after the other.
    pub async fn change(
        conn: &mut Conn,
        tenant: TenantId,
        user: UserId,
        change: PreferencesChange,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        conn.transaction(async |conn| {
            diesel::insert_into(notification_preferences::table)
                .values((
                    notification_preferences::user_id.eq(user),
                    notification_preferences::tenant_id.eq(tenant),
                    notification_preferences::updated_at.eq(now),
                ))
                .on_conflict_do_nothing()
                .execute(conn)
                .await?;
            let row = notification_preferences::table
                .find(user)
                .filter(notification_preferences::tenant_id.eq(tenant))
                .select((
                    notification_preferences::is_enabled,
                    notification_preferences::preferences,
                    notification_preferences::updated_at,
                ))
                .for_update()
                .first(conn)
                .await?;
            let mut preferences = Self::new(user, Some(row));
            preferences.apply(change);
            preferences.updated_at = Some(now);
            diesel::update(notification_preferences::table.find(user))
                .filter(notification_preferences::tenant_id.eq(tenant))
                .set((
                    notification_preferences::is_enabled.eq(preferences.is_enabled),
                    notification_preferences::preferences.eq(written(&preferences.chosen)?),
                    notification_preferences::updated_at.eq(now),
                ))
                .execute(conn)
                .await?;
            Ok(preferences)
        })
        .await
    }

    fn apply(&mut self, change: PreferencesChange) {
        if let Some(is_enabled) = change.is_enabled {
            self.is_enabled = is_enabled;
        }
        if change.replaces {
            self.chosen.clear();
        }
        for (kind, channels) in change.choices.unwrap_or_default() {
            self.chosen.entry(kind).or_default().extend(channels);
        }
    }

    /// Whether the person wants to hear of `kind` by `channel`.
    pub fn allows(&self, kind: NotificationType, channel: DeliveryChannel) -> bool {
        self.is_enabled && self.choice(kind, channel)
    }

    /// Every choice, those that were never made with their defaults.
    pub fn choices(&self) -> Choices {
        NotificationType::ALL
            .iter()
            .map(|&kind| {
                let channels = DeliveryChannel::ALL.iter().map(|&channel| (channel, self.choice(kind, channel)));
                (kind, channels.collect())
            })
            .collect()
    }

    fn choice(&self, kind: NotificationType, channel: DeliveryChannel) -> bool {
        let chosen = self.chosen.get(&kind).and_then(|channels| channels.get(&channel));
        chosen.copied().unwrap_or_else(|| channel.is_on_by_default())
    }
}

/// Entries of types or channels that are no more are passed over.
fn read(stored: &Value) -> Choices {
    let mut choices = Choices::new();
    for (kind, channels) in stored.as_object().into_iter().flatten() {
        let Ok(kind) = kind.parse::<NotificationType>() else { continue };
        for (channel, choice) in channels.as_object().into_iter().flatten() {
            if let (Ok(channel), Some(choice)) = (channel.parse::<DeliveryChannel>(), choice.as_bool()) {
                choices.entry(kind).or_default().insert(channel, choice);
            }
        }
    }
    choices
}

fn written(choices: &Choices) -> Result<Value, Error> {
    serde_json::to_value(choices).map_err(|error| Error::SerializationError(error.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn preferences(stored: Value) -> Preferences {
        Preferences::new(UserId::new(), Some((true, stored, DateTime::UNIX_EPOCH)))
    }

    #[test]
    fn who_has_chosen_nothing_gets_mail_and_notices() {
        let preferences = Preferences::new(UserId::new(), None);
        for &kind in NotificationType::ALL {
            let allowed: Vec<_> =
                DeliveryChannel::ALL.iter().filter(|&&channel| preferences.allows(kind, channel)).collect();
            assert_eq!(allowed, [&DeliveryChannel::Email, &DeliveryChannel::InApp]);
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_a_replacement_resets_it() {
        let mut preferences = preferences(json!({
            "ANNOUNCEMENT": { "EMAIL": false, "IN_APP": false },
            "A_TYPE_OF_YESTERDAY": { "EMAIL": false },
            "COURSE_COMPLETION": { "PIGEON": true },
        }));
        let choices =
            Choices::from([(NotificationType::Announcement, BTreeMap::from([(DeliveryChannel::InApp, true)]))]);
        preferences.apply(PreferencesChange { choices: Some(choices), ..PreferencesChange::default() });
        assert!(!preferences.allows(NotificationType::Announcement, DeliveryChannel::Email));
        assert!(preferences.allows(NotificationType::Announcement, DeliveryChannel::InApp));

        preferences.apply(PreferencesChange { replaces: true, ..PreferencesChange::default() });
        assert!(preferences.allows(NotificationType::Announcement, DeliveryChannel::Email));
    }

    #[test]
    fn switched_off_is_off() {
        let mut preferences = preferences(json!({ "ANNOUNCEMENT": { "EMAIL": true } }));
        preferences.is_enabled = false;
        assert!(!preferences.allows(NotificationType::Announcement, DeliveryChannel::Email));
    }
}
