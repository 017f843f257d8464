//! Secrets of others at rest: a mail server's password, an identity provider's secret, a private
//! key. They must be read again, so a hash will not do; they are encrypted, and bound to where they
//! stand, so that a sealed secret copied to another tenant's row, or to another column, is of no use.

use std::fmt;
use std::io::Write;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Binary;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::ids::TenantId;

/// A secret as it is stored: AES-256-GCM under a key out of `SECRET_KEY`. It is neither shown nor
/// serialised; only a [`Vault`] reads it.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Sealed(Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}

impl FromSql<Binary, Pg> for Sealed {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().to_vec()))
    }
}

impl ToSql<Binary, Pg> for Sealed {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.0)?;
        Ok(IsNull::No)
    }
}

/// Where a secret stands: it opens there only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub tenant: TenantId,
    /// In which column: `tenant_email_settings.smtp_password`.
    pub column: &'static str,
}

impl Place {
    fn aad(self) -> Aad<Vec<u8>> {
        let mut bytes = self.tenant.0.as_bytes().to_vec();
        bytes.extend_from_slice(self.column.as_bytes());
        Aad::from(bytes)
    }
}

/// It was sealed under a key that is not here any more, or for another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored secret cannot be opened: it was sealed under another SECRET_KEY, or for another place")]
pub struct CannotOpen;

/// Seals secrets and opens them. Each sealed secret names its key, so that keys can be changed:
/// new ones are sealed under the current key, and those of former keys open until they are sealed
/// anew.
#[derive(Clone)]
pub struct Vault {
    /// The current one first.
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: [u8; KEY_ID],
    cipher: std::sync::Arc<LessSafeKey>,
}

/// The form of what follows; another form would have another number.
const FORM: u8 = 1;
const KEY_ID: usize = 4;

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// A vault with the current `SECRET_KEY` and those before it.
    ///
    /// # Errors
    /// The cryptographic library refuses to work, which it never says in practice.
    pub fn new(secret_key: &SecretString, former: &[SecretString]) -> anyhow::Result<Self> {
        let keys = std::iter::once(secret_key).chain(former).map(Key::of).collect::<anyhow::Result<_>>()?;
        Ok(Self { keys })
    }

    /// Seals a secret for its place.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn seal(&self, place: Place, secret: &SecretString) -> anyhow::Result<Sealed> {
        let key = self.keys.first().ok_or_else(|| anyhow::anyhow!("the vault has no key"))?;
        let mut nonce = [0_u8; NONCE_LEN];
        OsRng.try_fill_bytes(&mut nonce)?;
        let mut text = secret.expose_secret().as_bytes().to_vec();
        key.cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place.aad(), &mut text)
            .map_err(|_| anyhow::anyhow!("a secret could not be sealed"))?;
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&key.id);
        bytes.extend_from_slice(&nonce);
        bytes.append(&mut text);
        Ok(Sealed(bytes))
    }

    /// A change of a secret, as it is stored: left out it stays, null or empty it is forgotten.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn seal_change(&self, place: Place, change: Option<Option<String>>) -> anyhow::Result<Option<Option<Sealed>>> {
        let Some(secret) = change else { return Ok(None) };
        let secret = secret.filter(|secret| !secret.is_empty()).map(SecretString::from);
        Ok(Some(secret.map(|secret| self.seal(place, &secret)).transpose()?))
    }

    /// Whether it was sealed under the current key.
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        let id = sealed.0.strip_prefix(&[FORM]).and_then(|rest| rest.get(..KEY_ID));
        self.keys.first().is_some_and(|key| id == Some(key.id.as_slice()))
    }

    /// Opens a secret at its place.
    ///
    /// # Errors
    /// [`CannotOpen`].
    pub fn open(&self, place: Place, sealed: &Sealed) -> Result<SecretString, CannotOpen> {
        let rest = sealed.0.strip_prefix(&[FORM]).ok_or(CannotOpen)?;
        let (id, rest) = rest.split_at_checked(KEY_ID).ok_or(CannotOpen)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
        let key = self.keys.iter().find(|key| key.id == id).ok_or(CannotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut text = text.to_vec();
        let open = key.cipher.open_in_place(nonce, place.aad(), &mut text).map_err(|_| CannotOpen)?;
        let open = std::str::from_utf8(open).map_err(|_| CannotOpen)?;
        Ok(SecretString::from(open.to_owned()))
    }
}

impl Key {
    fn of(secret_key: &SecretString) -> anyhow::Result<Self> {
        let refused = |_| anyhow::anyhow!("no key can be derived from SECRET_KEY");
        let root = Salt::new(HKDF_SHA256, b"lms secrets at rest").extract(secret_key.expose_secret().as_bytes());
        let cipher = UnboundKey::from(root.expand(&[b"aes-256-gcm"], &AES_256_GCM).map_err(refused)?);
        let mut named = [0_u8; 32];
        root.expand(&[b"key id"], HKDF_SHA256).and_then(|okm| okm.fill(&mut named)).map_err(refused)?;
        let mut id = [0_u8; KEY_ID];
        for (to, from) in id.iter_mut().zip(Sha256::digest(named)) {
            *to = from;
        }
        Ok(Self { id, cipher: std::sync::Arc::new(LessSafeKey::new(cipher)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(current: &str, former: &[&str]) -> Vault {
        let former: Vec<_> = former.iter().map(|key| SecretString::from(*key)).collect();
        Vault::new(&SecretString::from(current), &former).expect("a vault")
    }

    #[test]
    fn a_secret_opens_where_it_stands_and_nowhere_else() {
        let vault = vault("one", &[]);
        let place = Place { tenant: TenantId::new(), column: "a.secret" };
        let sealed = vault.seal(place, &SecretString::from("pässword")).expect("sealed");
        assert_eq!(vault.open(place, &sealed).expect("open").expose_secret(), "pässword");
        for elsewhere in [Place { tenant: TenantId::new(), ..place }, Place { column: "a.other", ..place }] {
            assert_eq!(vault.open(elsewhere, &sealed).map(|_| ()), Err(CannotOpen), "{elsewhere:?}");
        }
        assert_ne!(vault.seal(place, &SecretString::from("pässword")).expect("sealed"), sealed, "sealed alike twice");
    }

    #[test]
    fn a_sealed_secret_with_any_bit_changed_does_not_open() {
        let vault = vault("one", &[]);
        let place = Place { tenant: TenantId::new(), column: "a.secret" };
        let sealed = vault.seal(place, &SecretString::from("password")).expect("sealed");
        for at in 0..sealed.0.len() {
            let mut bytes = sealed.0.clone();
            bytes[at] ^= 1;
            assert_eq!(vault.open(place, &Sealed(bytes)).map(|_| ()), Err(CannotOpen), "byte {at}");
        }
        for length in 0..sealed.0.len() {
            assert!(vault.open(place, &Sealed(sealed.0[..length].to_vec())).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_former_key_opens_what_it_sealed_until_that_is_sealed_anew() {
        let place = Place { tenant: TenantId::new(), column: "a.secret" };
        let old = vault("old", &[]).seal(place, &SecretString::from("password")).expect("sealed");
        let rotated = vault("new", &["old"]);
        assert_eq!(rotated.open(place, &old).expect("open").expose_secret(), "password");
        let new = rotated.seal(place, &rotated.open(place, &old).expect("open")).expect("sealed");
        assert!(vault("new", &[]).open(place, &new).is_ok() && vault("new", &[]).open(place, &old).is_err());
        assert!(rotated.is_current(&new) && !rotated.is_current(&old));
    }

    #[test]
    fn nothing_shows_what_is_sealed() {
        let place = Place { tenant: TenantId::new(), column: "a.secret" };
        let vault = vault("one", &[]);
        let sealed = vault.seal(place, &SecretString::from("password")).expect("sealed");
        assert_eq!(format!("{sealed:?} {vault:?}"), "Sealed Vault");
        assert!(!sealed.0.windows(8).any(|window| window == b"password"));
    }
}
