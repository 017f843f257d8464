//! Hashing passwords without letting it eat the machine.

use std::sync::{Arc, LazyLock};

use anyhow::Context;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// OWASP's floor for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks passwords, as many at a time as there are cores: signing in must not starve
/// everything else.
#[derive(Debug, Clone)]
pub struct Passwords(Arc<Semaphore>);

impl Passwords {
    /// One for the whole process.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Self(Arc::new(Semaphore::new(cores)))
    }

    /// The hash to store.
    pub async fn hash(&self, password: String) -> anyhow::Result<String> {
        self.in_turn(move || {
            let hash =
                argon2()?.hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("hashing: {error}"))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` is the one that was hashed. With no hash it takes as long and says no:
    /// the time does not tell whether an account exists.
    pub async fn check(&self, password: String, hash: Option<String>) -> anyhow::Result<bool> {
        self.in_turn(move || {
            let known = hash.is_some();
            let hash = match hash {
                Some(hash) => hash,
                None => NOBODYS.clone(),
            };
            let Ok(parsed) = PasswordHash::new(&hash) else { return Ok(false) };
            Ok(argon2()?.verify_password(password.as_bytes(), &parsed).is_ok() && known)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let _turn = self.0.acquire().await.context("the password queue is closed")?;
        tokio::task::spawn_blocking(work).await?
    }
}

/// A hash with today's parameters that no password has.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let nobody = shared::secret::random_token().unwrap_or_default();
    argon2()
        .ok()
        .and_then(|argon2| argon2.hash_password(nobody.as_bytes()).ok())
        .map(|hash| hash.to_string())
        .unwrap_or_default()
});

fn argon2() -> anyhow::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
