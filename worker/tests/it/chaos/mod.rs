//! Nothing is lost and nothing is doubled, whatever dies.
//!
//! The release's own binaries, real servers, and harm: processes are killed and paused, servers are
//! emptied, stalled and restarted, connections are cut. Afterwards it is counted what was asked for
//! and what has happened. What was asked for and did not happen is *lost*; what happened and nobody
//! asked for is *phantom*; what happened more often than it was asked for is *repeated*.
//!
//! A run that did not do all its harm has failed, for it proves nothing. `mutants` takes one
//! protection away after the other and wants to see the harm noticed.
//!
//! `world` is where a test lives, `api` speaks to the API, `faults` does harm, `checker` counts; each
//! other file is a subject. `docs/reliability.md` says what each asserts, and what was measured.

mod accepted;
mod api;
mod backlog;
mod checker;
mod clock;
mod control;
mod deployment;
mod disk;
mod everything;
mod failover;
mod fairness;
mod faults;
mod lost_workers;
mod mutants;
mod network;
mod postgres_away;
mod queues;
mod redis_away;
mod servers;
mod soak;
mod standby;
mod world;

/// The size of a run: what fits in every run of the tests, what `./lms chaos --full` asks for, and
/// what takes a night (`--night`).
fn sizes<T>(usual: T, full: T, night: T) -> T {
    match std::env::var("LMS_CHAOS").as_deref() {
        Ok("full") => full,
        Ok("night") => night,
        _ => usual,
    }
}

/// The same where a night has nothing to add.
fn size<T: Copy>(usual: T, full: T) -> T {
    sizes(usual, full, full)
}
