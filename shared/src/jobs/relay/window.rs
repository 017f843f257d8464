//! How many tickets may wait in Redis.
//!
//! Tickets are served in the order in which they were pushed, so a tenant that arrives waits behind
//! all of them. The window is therefore what the workers take in about a second, and not what
//! Redis would hold: long enough that they never run dry, short enough that nobody waits.

use std::time::Instant;

/// Tickets at the least: a first worker must find some at once.
const LEAST: u32 = 32;
/// Seconds of work to keep in Redis.
const AHEAD_SECONDS: f64 = 1.0;

/// The window of one queue, learning how fast it is emptied.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// Tickets taken each second, smoothed.
    rate: f64,
    /// What was out at the last look, and when that was.
    last: Option<(Instant, u32)>,
    /// Pushed since.
    handed: u32,
    size: u32,
}

impl Window {
    /// Looks at what is left of the tickets.
    pub fn observe(&mut self, at: Instant, dispatched: u32, running: u32, waiting: usize) {
        if let Some((then, out)) = self.last {
            let seconds = at.saturating_duration_since(then).as_secs_f64().max(0.001);
            let taken = out.saturating_add(self.handed).saturating_sub(dispatched);
            let share = (seconds / 0.5).min(1.0);
            self.rate += (f64::from(taken) / seconds - self.rate) * share;
            let ran_dry = taken > 0 && waiting == 0;
            let ahead = whole(self.rate * AHEAD_SECONDS).max(running.saturating_mul(2));
            // Dry: the workers are faster than we thought. Otherwise follow them.
            self.size = if ran_dry { ahead.max(self.size.saturating_mul(2)) } else { ahead };
        }
        self.size = self.size.clamp(LEAST, u32::try_from(super::super::MOST_TICKETS).unwrap_or(LEAST));
        self.last = Some((at, dispatched));
        self.handed = 0;
    }

    /// Notes that tickets were pushed.
    pub fn handed(&mut self, tickets: u32) {
        self.handed = self.handed.saturating_add(tickets);
    }

    /// How many more may be pushed, when an operator allows `most`. Counts tickets in Redis and
    /// rows that are on the way, whichever are more: after a sweep there are tickets without rows,
    /// and after a loss rows without tickets.
    pub fn free(&self, most: u32, dispatched: u32, waiting: usize) -> u32 {
        let out = dispatched.max(u32::try_from(waiting).unwrap_or(u32::MAX));
        self.size.max(LEAST).min(most).saturating_sub(out)
    }
}

/// Rounded up to a whole number of tickets.
fn whole(tickets: f64) -> u32 {
    let capped = tickets.clamp(0.0, 1_000_000.0).ceil();
    format!("{capped:.0}").parse().unwrap_or(LEAST)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::jobs::MOST_TICKETS;

    /// Workers that take `rate` tickets a second, looked at each 40 ms for `seconds`.
    fn settle(rate: f64, seconds: u32) -> (u32, Window) {
        let mut window = Window::default();
        let mut at = Instant::now();
        let mut out = 0_u32;
        let rows = |out: u32| usize::try_from(out).expect("a small number");
        let mut owed = 0.0;
        for _ in 0..seconds * 25 {
            window.observe(at, out, 10, rows(out));
            let free = window.free(2_000, out, rows(out));
            out += free;
            window.handed(free);
            at += Duration::from_millis(40);
            owed += rate * 0.04;
            let taken = whole(f64::floor(owed)).min(out);
            owed = if taken == out { 0.0 } else { owed - f64::from(taken) };
            out -= taken;
        }
        (out, window)
    }

    #[test]
    fn fast_workers_never_run_dry_and_slow_ones_have_no_pile() {
        let (out, fast) = settle(1_000.0, 5);
        assert!(out > 100, "only {out} tickets ahead of workers that take 1,000 a second");
        assert!(fast.size <= 2_000, "{}", fast.size);
        let (_, slow) = settle(3.0, 20);
        assert!(slow.size <= LEAST, "{} tickets ahead of workers that take 3 a second", slow.size);
    }

    #[test]
    fn the_window_never_comes_near_what_breaks_the_transport() {
        let mut window = Window::default();
        let mut at = Instant::now();
        for _ in 0..100 {
            window.observe(at, 0, 1_000_000, 0);
            window.handed(1_000_000);
            at += Duration::from_millis(1);
        }
        assert!(window.free(u32::MAX, 0, 0) <= 4_000);
        const { assert!(MOST_TICKETS < 8_000) };
        assert_eq!(window.free(2_000, 0, 5_000), 0, "tickets without rows count too");
        assert_eq!(window.free(2_000, 3_000, 0), 0, "rows without tickets count too");
    }
}
