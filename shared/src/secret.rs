//! Randomness and hashes for tokens: one place, so that one place has to be right.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};

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
