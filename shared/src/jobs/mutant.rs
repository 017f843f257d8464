//! Protections that can be taken away, to see that the tests notice.
//!
//! A chaos test that was never red proves nothing. In a build for development the variable
//! `LMS_MUTANT` switches one protection off; a release does not know it.

/// A protection that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Whoever works on a job need not hold its lease: neither to go on, nor before an effect, nor to
    /// finish.
    NoFence,
    /// The job is done before its effects are committed.
    FinishFirst,
    /// Nobody notices that Redis has lost the tickets.
    NoEpoch,
    /// A ticket in Redis is all there is of a job that was handed out: nobody looks for one that was
    /// lost, be it in Redis or with its worker.
    RedisIsTruth,
}

impl Mutant {
    /// Each, by its name in `LMS_MUTANT`.
    pub const ALL: [(&str, Self); 4] = [
        ("no_fence", Self::NoFence),
        ("finish_first", Self::FinishFirst),
        ("no_epoch", Self::NoEpoch),
        ("redis_is_truth", Self::RedisIsTruth),
    ];
}

/// Whether a protection is off.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn is_on(_: Mutant) -> bool {
    false
}

/// Whether a protection is off.
#[cfg(debug_assertions)]
pub fn is_on(mutant: Mutant) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<Mutant>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "not part of any release's configuration")]
        let name = std::env::var("LMS_MUTANT").ok()?;
        Mutant::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, mutant)| mutant)
    });
    *chosen == Some(mutant)
}
