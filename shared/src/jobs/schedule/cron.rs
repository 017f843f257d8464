//! When a schedule fires.
//!
//! A fixed time of day that a change of the clock skips fires at the first instant after the gap,
//! and one that comes twice fires once, at the first. What fires at an interval follows the time
//! that passes. That is what croner does, and what the tests below hold it to.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

/// A line of cron, in a time zone.
#[derive(Debug, Clone)]
pub struct Timetable {
    cron: Cron,
    zone: Tz,
}

/// Why a line is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// The line.
    #[error("`{0}` is no cron line: {1}")]
    Line(String, String),
    /// The zone.
    #[error("`{0}` is no IANA time zone")]
    Zone(String),
    /// It will never come.
    #[error("`{0}` never comes")]
    Never(String),
}

impl Timetable {
    /// Reads a line of five fields, or six that begin with seconds, and a zone.
    ///
    /// # Errors
    /// See [`CronError`].
    pub fn new(line: &str, zone: &str) -> Result<Self, CronError> {
        let cron = CronParser::builder()
            .seconds(Seconds::Optional)
            .build()
            .parse(line)
            .map_err(|error| CronError::Line(line.to_owned(), error.to_string()))?;
        let zone = Tz::from_str(zone).map_err(|_| CronError::Zone(zone.to_owned()))?;
        Ok(Self { cron, zone })
    }

    /// The first instant after `after`.
    ///
    /// # Errors
    /// There is none: the 30th of February.
    pub fn next_after(&self, after: DateTime<Utc>) -> Result<DateTime<Utc>, CronError> {
        let local = after.with_timezone(&self.zone);
        self.cron
            .find_next_occurrence(&local, false)
            .or_else(|_| {
                // A change of the clock that is longer than croner looks over (Apia once skipped a
                // day): go on behind it.
                let behind = (after + TimeDelta::hours(25)).with_timezone(&self.zone);
                self.cron.find_next_occurrence(&behind, false)
            })
            .map(|next| next.with_timezone(&Utc))
            .map_err(|_| CronError::Never(self.cron.pattern.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDateTime, Timelike};

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time").and_utc()
    }

    fn fires(line: &str, zone: &str, from: &str, times: usize) -> Vec<String> {
        let table = Timetable::new(line, zone).expect("a timetable");
        let mut at = utc(from);
        (0..times)
            .map(|_| {
                at = table.next_after(at).expect("a next time");
                at.format("%Y-%m-%d %H:%M").to_string()
            })
            .collect()
    }

    #[test]
    fn a_time_that_the_clock_skips_fires_at_the_first_instant_after_the_gap() {
        // Berlin, 29 March 2026: 02:00 becomes 03:00, which is 01:00 UTC.
        assert_eq!(
            fires("30 2 * * *", "Europe/Berlin", "2026-03-27 12:00", 3),
            ["2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"]
        );
        // New York, 8 March 2026.
        assert_eq!(
            fires("15 2 * * *", "America/New_York", "2026-03-07 12:00", 2),
            ["2026-03-08 07:00", "2026-03-09 06:15"]
        );
        // Lord Howe moves by half an hour: 4 October 2026, 02:00 becomes 02:30 (+11), 15:30 UTC the day before.
        assert_eq!(
            fires("15 2 * * *", "Australia/Lord_Howe", "2026-10-02 20:00", 2),
            ["2026-10-03 15:30", "2026-10-04 15:15"]
        );
    }

    #[test]
    fn a_time_that_comes_twice_fires_once_at_the_first() {
        // Berlin, 25 October 2026: 03:00 becomes 02:00; 02:30 is 00:30 and 01:30 UTC.
        assert_eq!(
            fires("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", 2),
            ["2026-10-25 00:30", "2026-10-26 01:30"]
        );
    }

    #[test]
    fn an_interval_follows_the_time_that_passes() {
        assert_eq!(
            fires("*/30 * * * *", "Europe/Berlin", "2026-10-25 00:00", 5),
            ["2026-10-25 00:30", "2026-10-25 01:00", "2026-10-25 01:30", "2026-10-25 02:00", "2026-10-25 02:30"]
        );
        assert_eq!(
            fires("0 * * * *", "Europe/Berlin", "2026-03-29 00:00", 3),
            ["2026-03-29 01:00", "2026-03-29 02:00", "2026-03-29 03:00"]
        );
    }

    #[test]
    fn zones_without_changes_and_with_odd_offsets() {
        assert_eq!(
            fires("0 6 * * *", "Africa/Nairobi", "2026-03-28 12:00", 2),
            ["2026-03-29 03:00", "2026-03-30 03:00"]
        );
        assert_eq!(fires("0 6 * * *", "Asia/Kathmandu", "2026-03-28 12:00", 1), ["2026-03-29 00:15"]);
        assert_eq!(
            fires("0 12 * * *", "Pacific/Apia", "2026-09-26 00:00", 2),
            ["2026-09-26 23:00", "2026-09-27 23:00"]
        );
    }

    #[test]
    fn a_daily_time_comes_once_each_local_day_for_two_years() {
        for zone in [
            "Africa/Nairobi",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "Asia/Tehran",
        ] {
            let tz: Tz = zone.parse().expect("a zone");
            for line in ["30 2 * * *", "0 0 * * *", "30 1 * * *", "45 23 * * *"] {
                let table = Timetable::new(line, zone).expect("a timetable");
                let mut at = utc("2026-01-01 12:00");
                let mut day = None;
                for _ in 0..730 {
                    at = table.next_after(at).expect("a next time");
                    let local = at.with_timezone(&tz);
                    let today = local.date_naive();
                    if let Some(before) = day {
                        assert_eq!(today, before + TimeDelta::days(1), "{line} in {zone} at {local}");
                    }
                    day = Some(today);
                    assert_eq!(local.second(), 0);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_is_wrong() {
        assert!(matches!(Timetable::new("61 * * * *", "UTC"), Err(CronError::Line(..))));
        assert!(matches!(Timetable::new("", "UTC"), Err(CronError::Line(..))));
        assert_eq!(Timetable::new("* * * * *", "Mars/Base").err(), Some(CronError::Zone("Mars/Base".to_owned())));
        let never = Timetable::new("0 0 30 2 *", "UTC").expect("a line");
        assert!(matches!(never.next_after(utc("2026-01-01 00:00")), Err(CronError::Never(_))));
    }
}
