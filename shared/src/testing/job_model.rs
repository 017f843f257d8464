//! The life of a job as a pure state machine: what the ledger's statements do, without a database.
//!
//! It is explored exhaustively, it is held against the real statements by random walks, and the
//! simulation of the whole machine runs on it (`worker/tests/it/{model,simulation}.rs`). Time is two
//! questions that the explorer answers as it likes: is the job due, and is its lease over?

use crate::jobs::JobState;
use crate::jobs::effects::Permit;
use crate::jobs::ledger::Verdict;
use crate::jobs::operate::Cancelled;

/// Attempts of a job of the model.
pub const MOST_ATTEMPTS: u8 = 3;
/// Deaths of workers until it is a poison job.
const MOST_CRASHES: u8 = 3;

/// An effect outside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Effect {
    /// Never tried.
    #[default]
    None,
    /// Tried, with unknown end.
    Intended,
    /// Known to have happened.
    Happened,
}

/// One job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobModel {
    pub state: JobState,
    pub attempt: u8,
    pub crashes: u8,
    pub deferrals: u8,
    pub unknown_tries: u8,
    /// `run_at` has come.
    pub is_due: bool,
    /// `lease_until` has passed.
    pub is_lease_over: bool,
    /// Which claim holds, by number; the real one draws.
    pub token: u8,
    pub is_cancel_requested: bool,
    pub effect: Effect,
}

impl Default for JobModel {
    fn default() -> Self {
        Self {
            state: JobState::Available,
            attempt: 0,
            crashes: 0,
            deferrals: 0,
            unknown_tries: 0,
            is_due: true,
            is_lease_over: false,
            token: 0,
            is_cancel_requested: false,
            effect: Effect::None,
        }
    }
}

impl JobModel {
    /// Whether it is over.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, JobState::Succeeded | JobState::Cancelled | JobState::Dead)
    }

    /// Whether `token` is that of the claim that holds.
    pub fn is_held_by(&self, token: u8) -> bool {
        self.state == JobState::Running && self.token == token
    }

    /// The relay gives it a ticket.
    pub fn dispatch(&mut self) -> bool {
        let is_taken = self.state == JobState::Available && self.is_due;
        if is_taken {
            self.state = JobState::Dispatched;
        }
        is_taken
    }

    /// The relay takes its ticket back.
    pub fn call_back(&mut self) -> bool {
        let is_out = self.state == JobState::Dispatched;
        if is_out {
            self.state = JobState::Available;
        }
        is_out
    }

    /// A worker with a ticket, perhaps an old one, claims it. The token of the claim.
    pub fn claim(&mut self) -> Option<u8> {
        let is_there = self.state == JobState::Dispatched || (self.state == JobState::Available && self.is_due);
        if !is_there {
            return None;
        }
        self.state = JobState::Running;
        self.attempt += 1;
        self.token += 1;
        self.is_lease_over = false;
        Some(self.token)
    }

    /// A worker renews its lease; whether it is asked to stop, or none if the claim is lost.
    pub fn renew(&mut self, token: u8) -> Option<bool> {
        if !self.is_held_by(token) {
            return None;
        }
        self.is_lease_over = false;
        Some(self.is_cancel_requested)
    }

    /// A worker has done it.
    pub fn succeed(&mut self, token: u8) -> bool {
        let is_ours = self.is_held_by(token);
        if is_ours {
            self.state = JobState::Succeeded;
        }
        is_ours
    }

    /// A worker has not done it; what it is now, or none if the claim is lost.
    pub fn fail(&mut self, token: u8, verdict: Verdict) -> Option<JobState> {
        if !self.is_held_by(token) {
            return None;
        }
        let is_last = self.attempt >= MOST_ATTEMPTS;
        match verdict {
            Verdict::Retry(_) if is_last => self.state = JobState::Dead,
            Verdict::Retry(wait) => self.come_back(wait.is_zero()),
            Verdict::Defer(wait) => {
                self.deferrals += 1;
                self.attempt -= 1;
                self.come_back(wait.is_zero());
            }
            Verdict::Wait(wait) => {
                self.attempt -= 1;
                self.come_back(wait.is_zero());
            }
            Verdict::PutBack(wait) => {
                self.unknown_tries += 1;
                self.attempt -= 1;
                self.come_back(wait.is_zero());
            }
            Verdict::Dead => self.state = JobState::Dead,
            Verdict::Cancelled => self.state = JobState::Cancelled,
        }
        Some(self.state)
    }

    /// A worker that stops gives it back.
    pub fn release(&mut self, token: u8) -> bool {
        let is_ours = self.is_held_by(token);
        if is_ours {
            self.attempt -= 1;
            self.deferrals += 1;
            self.come_back(true);
        }
        is_ours
    }

    /// The relay looks for leases that are over.
    pub fn sweep(&mut self) -> bool {
        if self.state != JobState::Running || !self.is_lease_over {
            return false;
        }
        if !self.is_cancel_requested && (self.crashes + 1 >= MOST_CRASHES || self.attempt >= MOST_ATTEMPTS) {
            self.state = JobState::Dead;
        } else {
            self.come_back(self.crashes == 0);
        }
        self.crashes += 1;
        true
    }

    /// Somebody does not want it any more.
    pub fn cancel(&mut self) -> Cancelled {
        match self.state {
            JobState::Available | JobState::Dispatched => {
                self.state = JobState::Cancelled;
                Cancelled::AtOnce
            }
            JobState::Running => {
                self.is_cancel_requested = true;
                Cancelled::Asked
            }
            JobState::Succeeded | JobState::Cancelled | JobState::Dead => Cancelled::TooLate,
        }
    }

    /// An operator lets it live again.
    pub fn replay(&mut self) -> bool {
        let is_dead = self.state == JobState::Dead;
        if is_dead {
            let (token, effect) = (self.token, self.effect);
            *self = Self { token, effect, ..Self::default() };
        }
        is_dead
    }

    /// A worker asks whether it may make the effect.
    pub fn permit(&mut self, token: u8) -> Permit {
        if !self.is_held_by(token) {
            return Permit::Lost;
        }
        self.is_lease_over = false;
        if self.is_cancel_requested {
            return Permit::Cancelled;
        }
        match self.effect {
            Effect::None => {
                self.effect = Effect::Intended;
                Permit::First
            }
            Effect::Intended => Permit::Repeat,
            Effect::Happened => Permit::Done(None),
        }
    }

    /// The effect has happened, whoever holds the claim by now, and whether or not the intent was
    /// kept: a crash of PostgreSQL may take the newest ones along.
    pub const fn complete(&mut self) {
        self.effect = Effect::Happened;
    }

    fn come_back(&mut self, at_once: bool) {
        self.state = if self.is_cancel_requested { JobState::Cancelled } else { JobState::Available };
        self.is_due = at_once;
    }
}
