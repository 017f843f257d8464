//! What is to become of a job, from how its run ended.

use std::time::Duration;

use serde_json::Value;
use shared::jobs::ledger::{Claim, Verdict};

use crate::registry::{Failure, Kind};

/// Waits that the other side asked for do not count as attempts so often.
const MOST_DEFERRALS: i32 = 30;
/// A kind that this release does not know may be of a newer one, which is being rolled out.
const UNKNOWN_TRIES: i16 = 3;
/// Between the tries.
const UNKNOWN_WAIT: Duration = Duration::from_secs(15);

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
    Unknown,
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
        End::Unknown => {
            // Left for a newer worker for a while, then dead.
            let verdict =
                if claim.unknown_tries < UNKNOWN_TRIES { Verdict::PutBack(UNKNOWN_WAIT) } else { Verdict::Dead };
            let why = format!("this release does not know {} in version {}", claim.kind, claim.version);
            failure(verdict, "unknown", &why)
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

fn wait(kind: Option<&Kind>, claim: &Claim) -> Duration {
    kind.map_or(UNKNOWN_WAIT, |kind| kind.backoff.wait(u32::try_from(claim.attempt).unwrap_or(1)))
}
