//! Protections that can be taken away, to see that the tests notice.
//!
//! A chaos test that was never red proves nothing. Built with the feature `mutants` — never for a
//! release — the variable `LMS_MUTANT` switches one protection off.

/// A protection that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Whoever finishes a job need not hold its lease.
    NoFence,
    /// The job is done before its effects are committed.
    FinishFirst,
    /// Nobody notices that Redis has lost the tickets.
    NoEpoch,
}

/// Whether a protection is off.
#[cfg(not(feature = "mutants"))]
#[inline]
pub const fn is_on(_: Mutant) -> bool {
    false
}

/// Whether a protection is off.
#[cfg(feature = "mutants")]
pub fn is_on(mutant: Mutant) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<Mutant>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "not part of any release's configuration")]
        match std::env::var("LMS_MUTANT").as_deref() {
            Ok("no_fence") => Some(Mutant::NoFence),
            Ok("finish_first") => Some(Mutant::FinishFirst),
            Ok("no_epoch") => Some(Mutant::NoEpoch),
            _ => None,
        }
    });
    *chosen == Some(mutant)
}
