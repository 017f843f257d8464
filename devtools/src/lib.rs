//! The neighbours of the LMS, small enough to start inside a test: object storage, a mail server,
//! a virus scanner, a push service, an OpenAI-like service and a bad network. Each speaks its real protocol over a socket, so that what is
//! tested is the program's own client and not a stand-in for it.
//!
//! And what measures the whole: [`bench`].
//!
//! For development and tests only; no release image holds this crate.

#![expect(
    clippy::disallowed_methods,
    reason = "when a message came is the machine's time, whatever a test's clock says"
)]

pub mod bench;
pub mod clamd;
pub mod mail;
pub mod openai;
pub mod proxy;
pub mod push;
pub mod s3;
pub mod web;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks without regard to poisoning: what these locks guard is whole after every statement.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
