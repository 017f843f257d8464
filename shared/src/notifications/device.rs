//! The devices of a person that push messages go to.

use std::collections::HashSet;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use url::{Host, Url};

use crate::db::schema::{push_devices, sql_types};
use crate::db::{Conn, Error, Numbered, Page, sql_enum};
use crate::ids::{DeviceId, TenantId, UserId};
use crate::outbound;

/// How many devices a person has at most: the one that was registered the longest ago gives way.
pub const MOST_DEVICES: i64 = 20;
/// The longest name of a device that its service may use.
const LONGEST_TOKEN: usize = 2048;

sql_enum! {
    /// What kind of device it is, and so who reaches it.
    DeviceType: sql_types::DeviceType {
        /// By a gateway for Android.
        Android = "ANDROID",
        /// By a gateway for iOS.
        Ios = "IOS",
        /// A browser, by its own push service.
        Web = "WEB",
    }
}

impl DeviceType {
    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Android => "Android",
            Self::Ios => "iOS",
            Self::Web => "Web",
        }
    }
}

/// A device.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = push_devices, treat_none_as_default_value = false)]
pub struct PushDevice {
    pub id: DeviceId,
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub device_type: DeviceType,
    /// What the service that reaches it calls it; of a browser the address of its subscription.
    pub token: String,
    /// A browser's public key, base64url.
    pub p256dh: Option<String>,
    /// A browser's part in the secret, base64url.
    pub auth: Option<String>,
    /// As its owner calls it.
    pub device_name: String,
    pub is_active: bool,
    /// When a message was last handed over for it.
    pub last_used_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How a device is reached, read and found to be well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    device_type: DeviceType,
    token: String,
    keys: Option<(String, String)>,
}

/// Why a device cannot be reached so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// Of any device.
    #[error("This is not the name of a device: 1 to 2048 letters, digits and signs, without blanks.")]
    NotAToken,
    /// Of a browser.
    #[error("A browser's token is the address of its subscription: https, and in the public internet.")]
    NotAnEndpoint,
    /// Of a browser.
    #[error("A browser's subscription has two keys: `p256dh`, a point of P-256, and `auth`, 16 bytes, in base64url.")]
    NotKeys,
    /// Of another device.
    #[error("Only a browser has keys.")]
    NoKeysWanted,
}

impl Reach {
    /// Reads what a client says of a device; `keys` are a browser's `p256dh` and `auth`.
    ///
    /// # Errors
    /// It is not well-formed. Whether somebody answers there, the first message shows.
    pub fn read(device_type: DeviceType, token: &str, keys: Option<(&str, &str)>) -> Result<Self, Unreachable> {
        let token = token.trim();
        if token.is_empty() || token.len() > LONGEST_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Unreachable::NotAToken);
        }
        let keys = match (device_type, keys) {
            (DeviceType::Web, Some((p256dh, auth))) => {
                if !is_endpoint(token) {
                    return Err(Unreachable::NotAnEndpoint);
                }
                Some(read_keys(p256dh, auth).ok_or(Unreachable::NotKeys)?)
            }
            (DeviceType::Web, None) => return Err(Unreachable::NotKeys),
            (DeviceType::Android | DeviceType::Ios, None) => None,
            (DeviceType::Android | DeviceType::Ios, Some(_)) => return Err(Unreachable::NoKeysWanted),
        };
        Ok(Self { device_type, token: token.to_owned(), keys })
    }
}

/// Whether this may be the address of a subscription. A name is resolved, and looked at, whenever
/// it is called.
fn is_endpoint(token: &str) -> bool {
    let Ok(url) = Url::parse(token) else { return false };
    let is_public = match url.host() {
        Some(Host::Ipv4(address)) => outbound::is_public(address.into()),
        Some(Host::Ipv6(address)) => outbound::is_public(address.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    };
    url.scheme() == "https" && url.username().is_empty() && url.password().is_none() && is_public
}

/// Both keys in one spelling.
fn read_keys(p256dh: &str, auth: &str) -> Option<(String, String)> {
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let (point, secret) = (decode(p256dh)?, decode(auth)?);
    let is_point = point.len() == 65 && p256::PublicKey::from_sec1_bytes(&point).is_ok();
    let write = |bytes: Vec<u8>| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    (is_point && secret.len() == 16).then(|| (write(point), write(secret)))
}

impl PushDevice {
    /// Registers a device for a person, active, or again under the name that it had. Whoever else
    /// had it has it no more, of whatever tenant: the database sees to that.
    pub async fn register(
        conn: &mut Conn,
        tenant: TenantId,
        user: UserId,
        reach: Reach,
        name: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let (p256dh, auth) = reach.keys.unzip();
        let device = Self {
            id: DeviceId::new(),
            tenant_id: tenant,
            user_id: user,
            device_type: reach.device_type,
            token: reach.token,
            p256dh,
            auth,
            device_name: name.clone().unwrap_or_default(),
            is_active: true,
            last_used_at: None,
            created_at: now,
            updated_at: now,
        };
        conn.transaction(async |conn| {
            let device = diesel::insert_into(push_devices::table)
                .values(&device)
                .on_conflict(push_devices::token)
                .do_update()
                .set((
                    push_devices::device_type.eq(device.device_type),
                    push_devices::p256dh.eq(&device.p256dh),
                    push_devices::auth.eq(&device.auth),
                    name.map(|name| push_devices::device_name.eq(name)),
                    push_devices::is_active.eq(true),
                    push_devices::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            make_room(conn, tenant, user).await?;
            Ok(device)
        })
        .await
    }

    /// A person's devices, the newest first.
    pub async fn list(conn: &mut Conn, tenant: TenantId, user: UserId, page: Numbered) -> Result<Page<Self>, Error> {
        let own =
            || push_devices::table.filter(push_devices::tenant_id.eq(tenant)).filter(push_devices::user_id.eq(user));
        let total = own().count().get_result(conn).await?;
        let devices = own()
            .order((push_devices::created_at.desc(), push_devices::id.desc()))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(devices, total))
    }

    /// A device of this person.
    pub async fn find(conn: &mut Conn, tenant: TenantId, user: UserId, id: DeviceId) -> Result<Option<Self>, Error> {
        push_devices::table
            .filter(push_devices::tenant_id.eq(tenant))
            .filter(push_devices::user_id.eq(user))
            .filter(push_devices::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Gives it another name, switches it on or off; what is none stays. None when it is gone.
    pub async fn change(
        conn: &mut Conn,
        tenant: TenantId,
        user: UserId,
        id: DeviceId,
        change: DeviceChange,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        diesel::update(push_devices::table.find(id))
            .filter(push_devices::tenant_id.eq(tenant))
            .filter(push_devices::user_id.eq(user))
            .set((change, push_devices::updated_at.eq(now)))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
            .optional()
    }

    /// Forgets it; says whether it was there.
    pub async fn delete(conn: &mut Conn, tenant: TenantId, user: UserId, id: DeviceId) -> Result<bool, Error> {
        let deleted = diesel::delete(push_devices::table.find(id))
            .filter(push_devices::tenant_id.eq(tenant))
            .filter(push_devices::user_id.eq(user))
            .execute(conn)
            .await?;
        Ok(deleted == 1)
    }

    /// A person's devices that are switched on.
    pub async fn active_of(conn: &mut Conn, tenant: TenantId, user: UserId) -> Result<Vec<Self>, Error> {
        push_devices::table
            .filter(push_devices::tenant_id.eq(tenant))
            .filter(push_devices::user_id.eq(user))
            .filter(push_devices::is_active)
            .order(push_devices::id)
            .select(Self::as_select())
            .load(conn)
            .await
    }

    /// Those of these people who have a device that is switched on.
    pub(super) async fn owners_among(
        conn: &mut Conn,
        tenant: TenantId,
        people: &[UserId],
    ) -> Result<HashSet<UserId>, Error> {
        if people.is_empty() {
            return Ok(HashSet::new());
        }
        let owners: Vec<UserId> = push_devices::table
            .filter(push_devices::tenant_id.eq(tenant))
            .filter(push_devices::user_id.eq_any(people))
            .filter(push_devices::is_active)
            .select(push_devices::user_id)
            .distinct()
            .load(conn)
            .await?;
        Ok(owners.into_iter().collect())
    }

    /// Notes that a message was handed over for it.
    pub async fn used(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
        diesel::update(self)
            .filter(push_devices::tenant_id.eq(self.tenant_id))
            .set(push_devices::last_used_at.eq(now))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Switches it off because nobody answers there, unless it was registered anew meanwhile.
    pub async fn gone(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
        diesel::update(self)
            .filter(push_devices::tenant_id.eq(self.tenant_id))
            .filter(push_devices::updated_at.eq(self.updated_at))
            .set((push_devices::is_active.eq(false), push_devices::updated_at.eq(now)))
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// What changes of a device. What is none stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = push_devices)]
pub struct DeviceChange {
    pub device_name: Option<String>,
    pub is_active: Option<bool>,
}

/// Forgets what is too many, those first that were registered or changed the longest ago.
async fn make_room(conn: &mut Conn, tenant: TenantId, user: UserId) -> Result<(), Error> {
    let own = || push_devices::table.filter(push_devices::tenant_id.eq(tenant)).filter(push_devices::user_id.eq(user));
    let too_many: Vec<DeviceId> = own()
        .order((push_devices::updated_at.desc(), push_devices::id.desc()))
        .offset(MOST_DEVICES)
        .select(push_devices::id)
        .load(conn)
        .await?;
    if !too_many.is_empty() {
        diesel::delete(own().filter(push_devices::id.eq_any(too_many))).execute(conn).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The browser of RFC 8291's example.
    const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const ENDPOINT: &str = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV";

    fn web(token: &str, keys: Option<(&str, &str)>) -> Result<Reach, Unreachable> {
        Reach::read(DeviceType::Web, token, keys)
    }

    #[test]
    fn a_browser_is_reached_by_an_address_in_the_public_internet() {
        assert!(web(ENDPOINT, Some((P256DH, AUTH))).is_ok());
        assert!(web(&format!(" {ENDPOINT} "), Some((P256DH, AUTH))).is_ok());
        for token in [
            "http://push.example.net/push/1",
            "ftp://push.example.net/push/1",
            "push.example.net/push/1",
            "https://user@push.example.net/push/1",
            "https://user:secret@push.example.net/push/1",
            "https://127.0.0.1/push/1",
            "https://2130706433/push/1",
            "https://10.0.0.1/push/1",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/push/1",
            "https://[fd00::1]/push/1",
            "https://[::ffff:10.0.0.1]/push/1",
            "data:text/plain,x",
        ] {
            assert_eq!(web(token, Some((P256DH, AUTH))), Err(Unreachable::NotAnEndpoint), "{token}");
        }
        for token in ["", "  ", "https://push.example.net/a b", "https://push.example.net/é", &"x".repeat(2049)] {
            assert_eq!(web(token, Some((P256DH, AUTH))), Err(Unreachable::NotAToken), "{token}");
        }
    }

    #[test]
    fn a_browsers_keys_are_a_point_and_a_secret() {
        let padded = (format!("{P256DH}="), format!("{AUTH}=="));
        assert_eq!(web(ENDPOINT, Some((&padded.0, &padded.1))), web(ENDPOINT, Some((P256DH, AUTH))), "one spelling");
        let off_the_curve = BASE64_URL_SAFE_NO_PAD.encode([4; 65]);
        for keys in [
            None,
            Some(("", "")),
            Some((P256DH, "")),
            Some((AUTH, P256DH)),
            Some((P256DH, "BTBZMqHH6r4Tts7J_aSI")),
            Some((off_the_curve.as_str(), AUTH)),
            Some(("not base64!", AUTH)),
        ] {
            assert_eq!(web(ENDPOINT, keys), Err(Unreachable::NotKeys), "{keys:?}");
        }
    }

    #[test]
    fn other_devices_have_a_token_and_no_keys() {
        assert!(Reach::read(DeviceType::Android, "fcm:APA91b", None).is_ok());
        assert_eq!(Reach::read(DeviceType::Ios, "00fc13ad", Some((P256DH, AUTH))), Err(Unreachable::NoKeysWanted));
    }
}
