//! When a schedule fires.
//!
//! A time of day that is written out and that a change of the clock skips fires at the first instant
//! after the gap, and one that comes twice fires once, at the first. What fires at an interval (with
//! a `*` in its time of day) follows the time that passes. croner does so for a line with a single
//! time of day; a line with several (`0 2,14 * * *`) it takes for an interval, and would leave out
//! the night of the change. So a line of times is read as one line for each.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::errors::CronError as Unreadable;
use croner::parser::{CronParser, Seconds};

/// Times of day of one line that are looked for one by one. A line with more is an interval.
const MOST_TIMES: usize = 96;
/// A gap longer than croner looks over: Apia once skipped a day.
const LONGEST_GAP: i64 = 25;

/// A line of cron, in a time zone.
#[derive(Debug, Clone)]
pub struct Timetable {
    line: String,
    /// One, or one for each time of day.
    crons: Vec<Cron>,
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
        let unreadable = |error: Unreadable| CronError::Line(line.to_owned(), error.to_string());
        let cron = parse(line).map_err(unreadable)?;
        let crons = match times_of_day(line, &cron) {
            Some(lines) => lines.iter().map(|line| parse(line)).collect::<Result<_, _>>().map_err(unreadable)?,
            None => vec![cron],
        };
        let zone = Tz::from_str(zone).map_err(|_| CronError::Zone(zone.to_owned()))?;
        Ok(Self { line: line.to_owned(), crons, zone })
    }

    /// The first instant after `after`.
    ///
    /// # Errors
    /// There is none: the 30th of February.
    pub fn next_after(&self, after: DateTime<Utc>) -> Result<DateTime<Utc>, CronError> {
        let nexts = self.crons.iter().filter_map(|cron| next(cron, after.with_timezone(&self.zone)));
        nexts.min().ok_or_else(|| CronError::Never(self.line.clone()))
    }

    /// The last instant up to `until`, when `first` is one that is not later. By halves, so that a
    /// year of seconds costs some twenty-five questions.
    ///
    /// # Errors
    /// See [`Timetable::next_after`].
    pub fn last_until(&self, first: DateTime<Utc>, until: DateTime<Utc>) -> Result<DateTime<Utc>, CronError> {
        let second = TimeDelta::seconds(1);
        // The last is not before the one and not behind the other.
        let (mut last, mut end) = (first, until);
        while end - last >= second {
            let middle = last + TimeDelta::seconds(((end - last).num_seconds() / 2).max(1));
            // From just before it, so that it counts itself.
            let next = self.next_after(middle - second)?;
            if next <= until {
                last = next;
            } else {
                end = middle - second;
            }
        }
        Ok(last)
    }
}

fn parse(line: &str) -> Result<Cron, Unreadable> {
    CronParser::builder().seconds(Seconds::Optional).build().parse(line)
}

/// The line once for each of its times of day, if these are written out and more than one.
fn times_of_day(line: &str, cron: &Cron) -> Option<Vec<String>> {
    let pattern = &cron.pattern;
    if [&pattern.seconds, &pattern.minutes, &pattern.hours].iter().any(|field| field.from_wildcard) {
        return None;
    }
    let (seconds, minutes, hours) = (pattern.seconds.values(), pattern.minutes.values(), pattern.hours.values());
    let times = seconds.len() * minutes.len() * hours.len();
    if !(2..=MOST_TIMES).contains(&times) {
        return None;
    }
    let fields: Vec<&str> = line.split_whitespace().collect();
    let days = fields.get(if fields.len() == 5 { 2 } else { 3 }..)?.join(" ");
    let mut lines = Vec::with_capacity(times);
    for hour in &hours {
        for minute in &minutes {
            lines.extend(seconds.iter().map(|second| format!("{second} {minute} {hour} {days}")));
        }
    }
    Some(lines)
}

fn next(cron: &Cron, after: DateTime<Tz>) -> Option<DateTime<Utc>> {
    let found = |from: &DateTime<Tz>| cron.find_next_occurrence(from, false).ok().map(|next| next.with_timezone(&Utc));
    found(&after).or_else(|| {
        // Nothing before a gap that is too long: begin behind it, if there is anything at all.
        let from = |hours| after + TimeDelta::hours(hours);
        found(&from(LONGEST_GAP))?;
        (1..=LONGEST_GAP).find_map(|hours| found(&from(hours)))
    })
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
    fn several_times_of_day_are_each_treated_as_one() {
        // Berlin: 02:30 is skipped on 29 March 2026, and comes twice on 25 October.
        assert_eq!(
            fires("30 2,14 * * *", "Europe/Berlin", "2026-03-28 13:00", 3),
            ["2026-03-28 13:30", "2026-03-29 01:00", "2026-03-29 12:30"]
        );
        assert_eq!(
            fires("30 2,14 * * *", "Europe/Berlin", "2026-10-24 13:00", 3),
            ["2026-10-25 00:30", "2026-10-25 13:30", "2026-10-26 01:30"]
        );
        // Two of one gap are one instant.
        assert_eq!(
            fires("15,45 2 * * *", "Europe/Berlin", "2026-03-28 02:00", 2),
            ["2026-03-29 01:00", "2026-03-30 00:15"]
        );
    }

    #[test]
    fn a_day_that_never_was_is_left_out_and_the_next_is_not() {
        // Apia went from 29 to 31 December 2011; 31 December, 12:00 (+14) is 30 December, 22:00 UTC.
        assert_eq!(
            fires("0 12 * * *", "Pacific/Apia", "2011-12-29 00:00", 3),
            ["2011-12-29 22:00", "2011-12-30 22:00", "2011-12-31 22:00"]
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
    fn the_last_instant_is_the_one_that_walking_comes_to() {
        for (line, zone) in [
            ("*/7 * * * *", "UTC"),
            ("*/20 0-8 * * *", "Europe/Berlin"),
            ("30 2 * * *", "Europe/Berlin"),
            ("30 2,14 * * *", "America/New_York"),
            ("15 2 * * *", "Australia/Lord_Howe"),
            ("0 0 1 * *", "Pacific/Apia"),
        ] {
            let table = Timetable::new(line, zone).expect("a timetable");
            // Over both changes of the clock of each.
            for (from, hours) in [("2026-03-07 12:00", 24 * 30), ("2026-09-26 12:00", 24 * 45)] {
                let first = table.next_after(utc(from)).expect("a first time");
                let mut walked = first;
                for minutes in (0..60 * hours).step_by(311) {
                    let until = first + TimeDelta::minutes(minutes) + TimeDelta::milliseconds(minutes % 1_000);
                    while let Some(next) = table.next_after(walked).ok().filter(|next| *next <= until) {
                        walked = next;
                    }
                    assert_eq!(table.last_until(first, until), Ok(walked), "{line} in {zone} until {until}");
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
