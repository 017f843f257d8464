//! What a person wants to hear of, and how.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::digest::{DigestChoice, DigestFrequency};
use super::quiet::QuietHours;
use super::{DeliveryChannel, NotificationType};
use crate::db::schema::{notification_preferences, users};
use crate::db::{Conn, Error};
use crate::ids::{TenantId, UserId};
use crate::locale;

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
    /// When mails that can wait are summed up.
    pub digest: DigestChoice,
    /// When what can wait is not delivered outside the application.
    pub quiet: Option<QuietHours>,
    /// When it was last changed, if ever.
    pub updated_at: Option<DateTime<Utc>>,
}

/// As it is kept.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = notification_preferences)]
struct Kept {
    is_enabled: bool,
    preferences: Value,
    digest: DigestFrequency,
    digest_hour: i16,
    digest_weekday: i16,
    quiet_from: Option<NaiveTime>,
    quiet_to: Option<NaiveTime>,
    updated_at: DateTime<Utc>,
}

/// A person's preferences, and the clock that they live by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wishes {
    pub(super) preferences: Preferences,
    pub(super) zone: Tz,
}

impl Wishes {
    /// Those of all these people who are of this tenant, in one query.
    pub(super) async fn of_all(conn: &mut Conn, tenant: TenantId, people: &[UserId]) -> Result<Vec<Self>, Error> {
        let found: Vec<(UserId, String, Option<Kept>)> = users::table
            .left_join(notification_preferences::table)
            .filter(users::tenant_id.eq(tenant))
            .filter(users::id.eq_any(people))
            .order(users::id)
            .select((users::id, users::timezone, Option::<Kept>::as_select()))
            .load(conn)
            .await?;
        let wishes = |(user, zone, kept): (_, String, _)| Self {
            preferences: Preferences::new(user, kept),
            zone: locale::time_zone(&zone),
        };
        Ok(found.into_iter().map(wishes).collect())
    }
}

/// A change of them.
#[derive(Debug, Clone, Default)]
pub struct PreferencesChange {
    /// As in [`Preferences`]; none leaves it.
    pub is_enabled: Option<bool>,
    /// These choices; none leaves them all.
    pub choices: Option<Choices>,
    /// As in [`Preferences`]; none leaves it.
    pub digest: Option<DigestChoice>,
    /// As in [`Preferences`]; none leaves it.
    pub quiet: Option<Option<QuietHours>>,
    /// What is not named goes back to its default.
    pub replaces: bool,
}

impl Preferences {
    fn new(user: UserId, kept: Option<Kept>) -> Self {
        let Some(kept) = kept else {
            let (chosen, digest) = (Choices::new(), DigestChoice::default());
            return Self { user, is_enabled: true, chosen, digest, quiet: None, updated_at: None };
        };
        Self {
            user,
            is_enabled: kept.is_enabled,
            chosen: read(&kept.preferences),
            digest: DigestChoice {
                frequency: kept.digest,
                hour: u32::try_from(kept.digest_hour).unwrap_or_default(),
                weekday: u32::try_from(kept.digest_weekday).unwrap_or_default(),
            },
            quiet: kept.quiet_from.zip(kept.quiet_to).and_then(|(from, to)| QuietHours::new(from, to)),
            updated_at: Some(kept.updated_at),
        }
    }

    /// A person's preferences.
    pub async fn of(conn: &mut Conn, tenant: TenantId, user: UserId) -> Result<Self, Error> {
        let kept = notification_preferences::table
            .filter(notification_preferences::tenant_id.eq(tenant))
            .filter(notification_preferences::user_id.eq(user))
            .select(Kept::as_select())
            .first(conn)
            .await
            .optional()?;
        Ok(Self::new(user, kept))
    }

    /// Until when a person of this zone is not to be disturbed by what can wait.
    pub fn quiet_until(&self, zone: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.quiet?.end_after(locale::time_zone(zone), now)
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
            let kept = notification_preferences::table
                .find(user)
                .filter(notification_preferences::tenant_id.eq(tenant))
                .select(Kept::as_select())
                .for_update()
                .first(conn)
                .await?;
            let mut preferences = Self::new(user, Some(kept));
            preferences.apply(change);
            preferences.updated_at = Some(now);
            diesel::update(notification_preferences::table.find(user))
                .filter(notification_preferences::tenant_id.eq(tenant))
                .set((
                    notification_preferences::is_enabled.eq(preferences.is_enabled),
                    notification_preferences::preferences.eq(written(&preferences.chosen)?),
                    notification_preferences::digest.eq(preferences.digest.frequency),
                    notification_preferences::digest_hour.eq(small(preferences.digest.hour)),
                    notification_preferences::digest_weekday.eq(small(preferences.digest.weekday)),
                    notification_preferences::quiet_from.eq(preferences.quiet.map(QuietHours::from)),
                    notification_preferences::quiet_to.eq(preferences.quiet.map(QuietHours::to)),
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
            self.digest = DigestChoice::default();
            self.quiet = None;
        }
        if let Some(digest) = change.digest {
            self.digest = digest;
        }
        if let Some(quiet) = change.quiet {
            self.quiet = quiet;
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

fn small(number: u32) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
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
        Preferences { chosen: read(&stored), ..Preferences::new(UserId::new(), None) }
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
