//! What is to become of a job, from how its run ended.

use std::time::Duration;

use serde_json::Value;
use shared::jobs::ledger::{Claim, Verdict};

use crate::registry::{Failure, Kind};

/// Waits that the other side asked for do not count as attempts so often.
const MOST_DEFERRALS: i32 = 30;
/// What a release that does not know a kind leaves to another comes back so soon…
const UNKNOWN_WAIT: Duration = Duration::from_secs(15);
/// …at first, and then so soon: a deploy that is slow has many jobs that wait for it.
const UNKNOWN_LATER: Duration = Duration::from_secs(60);
/// So often soon…
const UNKNOWN_SOON: i16 = 4;
/// …and so often in all, which takes an hour.
const UNKNOWN_TRIES: i16 = 63;

/// How a run has ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Done, and written down in the same transaction.
    Committed,
    /// Done.
    Done,
    /// Another has the job.
    Fenced,
    /// This process stops.
    BrokenOff,
    /// Did not begin: its turn at a limit comes after this long.
    NotItsTurn(Duration),
    /// Did not begin: this release does not know its kind, or its version.
    Unknown {
        /// Another does.
        is_announced: bool,
    },
    /// Did not succeed.
    Failed(Failure),
    /// Ran too long.
    TimedOut,
    /// Panicked, with these words.
    Panicked(String),
    /// Somebody asked for it to stop.
    Cancelled,
}

/// What is to be written down.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Nothing: it is.
    Written,
    /// Nothing: another has the job.
    Fenced,
    /// Nothing here: all that is left is given back together.
    GivenBack,
    /// It is done.
    Success(Option<Value>),
    /// It is not.
    Failure {
        /// What happens next.
        verdict: Verdict,
        /// For programs.
        class: &'static str,
        /// For people.
        error: String,
    },
}

/// Decides.
pub(crate) fn judge(end: End, result: Option<Value>, kind: Option<&Kind>, claim: &Claim) -> Ending {
    let again = || Verdict::Retry(wait(kind, claim));
    let failure = |verdict, class, error: &str| Ending::Failure { verdict, class, error: error.to_owned() };
    match end {
        End::Committed => Ending::Written,
        End::Done => Ending::Success(result),
        End::Fenced | End::Failed(Failure::Lost) => Ending::Fenced,
        End::BrokenOff => Ending::GivenBack,
        End::NotItsTurn(wait) => failure(Verdict::Wait(wait), "limited", "others have their turn first"),
        End::Unknown { is_announced } => {
            let (verdict, why) = unknown(is_announced, claim.unknown_tries);
            failure(verdict, "unknown", &format!("{why} knows {} in version {}", claim.kind, claim.version))
        }
        End::TimedOut => failure(again(), "timeout", "it ran too long and was stopped"),
        End::Panicked(message) => failure(again(), "panic", &message),
        End::Cancelled | End::Failed(Failure::Cancelled) => {
            failure(Verdict::Cancelled, "cancelled", "cancelled while it ran")
        }
        End::Failed(Failure::Retry(error)) => failure(again(), "failed", &format!("{error:#}")),
        End::Failed(Failure::RetryAfter(wait, why)) if claim.deferrals < MOST_DEFERRALS => {
            failure(Verdict::Defer(wait), "later", &why)
        }
        End::Failed(Failure::RetryAfter(wait, why)) => failure(Verdict::Retry(wait), "later", &why),
        End::Failed(Failure::Snooze(wait)) => failure(Verdict::Defer(wait), "snoozed", "not yet"),
        End::Failed(Failure::GiveUp(why)) => failure(Verdict::Dead, "gave_up", &why),
        End::Failed(Failure::NeedsReview(why)) => failure(Verdict::Dead, "needs_review", &why),
        End::Failed(Failure::Undecodable(why)) => failure(Verdict::Dead, "undecodable", &why),
    }
}

/// What is nobody's is dead at once. What is another release's is left for its workers: it is being
/// rolled out, or was taken back; an hour is enough for either.
fn unknown(is_announced: bool, tries: i16) -> (Verdict, &'static str) {
    match tries {
        _ if !is_announced => (Verdict::Dead, "no release"),
        ..UNKNOWN_SOON => (Verdict::PutBack(UNKNOWN_WAIT), "not this release but another"),
        UNKNOWN_SOON..UNKNOWN_TRIES => (Verdict::PutBack(UNKNOWN_LATER), "not this release but another"),
        _ => (Verdict::Dead, "for an hour no worker has come whose release"),
    }
}

fn wait(kind: Option<&Kind>, claim: &Claim) -> Duration {
    kind.map_or(UNKNOWN_WAIT, |kind| kind.backoff.wait(u32::try_from(claim.attempt).unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_another_releases_is_put_back_for_an_hour_and_never_for_longer_than_a_minute() {
        let mut waited = Duration::ZERO;
        for tries in 0..UNKNOWN_TRIES {
            let (Verdict::PutBack(wait), _) = unknown(true, tries) else { panic!("given up after {tries} tries") };
            assert!(wait <= Duration::from_secs(60), "{wait:?}");
            waited += wait;
        }
        assert_eq!(waited, Duration::from_secs(3_600));
        assert!(matches!(unknown(true, UNKNOWN_TRIES).0, Verdict::Dead));
        assert!(matches!(unknown(false, 0).0, Verdict::Dead));
    }
}
