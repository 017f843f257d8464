//! Hashing passwords without letting it eat the machine.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::http::ApiError;

/// OWASP's floor for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Who has waited so long for a turn is told to come back.
const PATIENCE: Duration = Duration::from_secs(15);

/// Hashes and checks passwords, as many at a time as there are cores: signing in must not starve
/// everything else.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// As many as there are turns.
    cores: u32,
}

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// Another password, or nobody's.
    Wrong,
    /// The right one.
    Right {
        /// The same password hashed with today's parameters, when the stored hash has lesser ones.
        better_hash: Option<String>,
    },
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many others are waiting.
    #[error("too many passwords to check just now")]
    Busy,
    /// A bug.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Busy { retry_after_seconds: 5 },
            PasswordError::Failed(error) => Self::from(error),
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl Passwords {
    /// One for the whole process.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        Self { turns: Arc::new(Semaphore::new(cores)), cores: u32::try_from(cores).unwrap_or(u32::MAX) }
    }

    /// Waits for all turns, and keeps them from everybody while what it returns is held: as if as many
    /// passwords as there are cores took for ever.
    ///
    /// # Errors
    /// Never; turns are not closed.
    pub async fn hold_all(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.turns).acquire_many_owned(self.cores).await
    }

    /// The hash to store.
    ///
    /// # Errors
    /// Too many others wait.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.in_turn(move || hash(&password)).await
    }

    /// Whether `password` is the one that was hashed. With no hash it takes as long and says no:
    /// the time does not tell whether an account exists.
    ///
    /// # Errors
    /// Too many others wait.
    pub async fn check(&self, password: String, stored: Option<String>) -> Result<Checked, PasswordError> {
        self.in_turn(move || {
            let is_somebodys = stored.is_some();
            let stored = stored.unwrap_or_else(|| NOBODYS.clone());
            let Ok(parsed) = PasswordHash::new(&stored) else { return Ok(Checked::Wrong) };
            let is_right = argon2()?.verify_password(password.as_bytes(), &parsed).is_ok();
            if !is_right || !is_somebodys {
                return Ok(Checked::Wrong);
            }
            let better_hash = if is_outdated(&parsed) { Some(hash(&password)?) } else { None };
            Ok(Checked::Right { better_hash })
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(PasswordError::Busy) };
        // The turn goes along: a client that hangs up does not stop the work, and must not make
        // room for more of it.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        Ok(done.await.map_err(anyhow::Error::from)??)
    }
}

fn hash(password: &str) -> anyhow::Result<String> {
    let hash = argon2()?.hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("hashing: {error}"))?;
    Ok(hash.to_string())
}

/// Whether a hash was made with less than today's parameters.
fn is_outdated(hash: &PasswordHash) -> bool {
    let is_id = hash.algorithm.as_str() == "argon2id";
    let is_strong = Params::try_from(hash)
        .is_ok_and(|params| params.m_cost() >= MEMORY_KIB && params.t_cost() >= PASSES && params.p_cost() >= LANES);
    !(is_id && is_strong)
}

/// A hash with today's parameters that no password has.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let nobody = shared::secret::random_token().unwrap_or_default();
    hash(&nobody).unwrap_or_default()
});

fn argon2() -> anyhow::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| anyhow::anyhow!("argon2: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_says_how_it_was_made_and_knows_its_password() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".to_owned()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = |password: &str, hash: Option<String>| passwords.check(password.to_owned(), hash);
        let right = Checked::Right { better_hash: None };
        assert_eq!(check("correct horse", Some(hash.clone())).await.expect("checked"), right);
        assert_eq!(check("Correct horse", Some(hash)).await.expect("checked"), Checked::Wrong);
        assert_eq!(check("correct horse", None).await.expect("checked"), Checked::Wrong);
        assert_eq!(check("x", Some("nonsense".to_owned())).await.expect("checked"), Checked::Wrong);
    }
}
