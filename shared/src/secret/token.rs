//! Tokens: random ones, and those that are made of a row's id and a key.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// 256 random bits from the operating system, as text for a URL.
///
/// # Errors
/// The operating system has no randomness to give, which it never says in practice.
pub fn random_token() -> Result<String, rand::rand_core::OsError> {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a token: its SHA-256. Enough for 256 random bits, which nobody can guess;
/// passwords are another matter and get argon2.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The beginning of a content's SHA-256, in hexadecimal: enough to tell two contents apart.
pub fn short_hash(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content)).chars().take(16).collect()
}

/// Makes the tokens that name a row of ours, out of `SECRET_KEY`: whoever holds the key can make a
/// row's token again (the worker, for a mail; a refresh, for a tab that came second), and nobody
/// else can, also not with a copy of the database.
#[derive(Clone)]
pub struct TokenSeal(SecretString);

impl std::fmt::Debug for TokenSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSeal")
    }
}

/// An id, a number, and the seal over both.
const LENGTH: usize = 16 + 4 + 32;

impl TokenSeal {
    /// A seal out of `SECRET_KEY`.
    pub fn new(secret_key: &SecretString) -> Self {
        Self(secret_key.clone())
    }

    /// The token of a row and a number. Each purpose has a key of its own, so that a token of one
    /// never passes for a token of another.
    pub fn seal(&self, purpose: &str, id: Uuid, number: u32) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(&number.to_be_bytes());
        let seal = self.key(purpose).chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&seal);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The row and the number of a token of ours; none for any other text.
    pub fn open(&self, purpose: &str, token: &str) -> Option<(Uuid, u32)> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() != LENGTH {
            return None;
        }
        let (named, seal) = bytes.split_at_checked(20)?;
        self.key(purpose).chain_update(named).verify_slice(seal).ok()?;
        let (id, number) = named.split_at_checked(16)?;
        Some((Uuid::from_slice(id).ok()?, u32::from_be_bytes(number.try_into().ok()?)))
    }

    fn key(&self, purpose: &str) -> Hmac<Sha256> {
        let secret = Sha256::digest(self.0.expose_secret().as_bytes());
        let derived = keyed(&secret).chain_update("lms token ").chain_update(purpose).finalize().into_bytes();
        keyed(&derived)
    }
}

/// HMAC under 32 bytes. They are less than a block, so there is no length to refuse.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    <Hmac<Sha256> as KeyInit>::new(&block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_for_its_purpose_and_under_its_key_only() {
        let seal = TokenSeal::new(&SecretString::from("one"));
        let id = Uuid::now_v7();
        let token = seal.seal("refresh", id, 7);
        assert_eq!(seal.open("refresh", &token), Some((id, 7)));
        assert_eq!(seal.seal("refresh", id, 7), token);
        assert_eq!(seal.open("reset", &token), None);
        assert_eq!(TokenSeal::new(&SecretString::from("two")).open("refresh", &token), None);
    }

    #[test]
    fn a_token_with_any_letter_changed_is_nobodys() {
        let seal = TokenSeal::new(&SecretString::from("one"));
        let token = seal.seal("refresh", Uuid::now_v7(), 0);
        for at in 0..token.len() {
            let mut letters: Vec<char> = token.chars().collect();
            letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
            let changed: String = letters.into_iter().collect();
            assert_eq!(seal.open("refresh", &changed), None, "{at}");
        }
        for text in ["", "x", "é", "=", &token[1..], &format!("{token}A"), &"A".repeat(5000)] {
            assert_eq!(seal.open("refresh", text), None, "{text}");
        }
    }
}
