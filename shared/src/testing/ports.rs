//! Ports for programs that are told where to listen before they start.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what the system gives connections on every machine that we know, which is from 32,768 on.
const FIRST: u16 = 20_000;
/// How many a process has to itself.
const EACH: u16 = 390;
/// Processes of tests at once.
const SLOTS: u32 = 32;

/// How many were given out by this process.
static GIVEN: AtomicU16 = AtomicU16::new(0);

/// An address that nobody has, and that neither a connection nor another program of the tests is
/// given in the moment between.
///
/// # Panics
/// All ports of this process are taken.
pub fn free_address() -> SocketAddr {
    let free = |port| TcpListener::bind(("127.0.0.1", port)).and_then(|listener| listener.local_addr()).ok();
    let next = || FIRST + slot() * EACH + GIVEN.fetch_add(1, Ordering::Relaxed) % EACH;
    std::iter::repeat_with(next).take(EACH.into()).find_map(free).expect("a free port")
}

/// Which of the tests that run at once this process is.
#[expect(clippy::disallowed_methods, reason = "the test runner tells tests which of them they are")]
fn slot() -> u16 {
    let told = std::env::var("NEXTEST_TEST_GLOBAL_SLOT").ok().and_then(|slot| slot.parse().ok());
    let slot = told.unwrap_or_else(std::process::id) % SLOTS;
    u16::try_from(slot).unwrap_or_default()
}
