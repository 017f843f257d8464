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

/// Whether `./lms chaos --full` asked for the large sizes.
fn is_full() -> bool {
    std::env::var("LMS_CHAOS").is_ok_and(|size| size == "full")
}

/// The size of a run: what fits in every run of the tests, or the large one.
fn size<T>(usual: T, full: T) -> T {
    if is_full() { full } else { usual }
}
