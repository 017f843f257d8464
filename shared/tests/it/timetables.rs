//! Timetables over two years in many zones, against another implementation with another library
//! and its own time zone data.
//!
//! The other implementation is slow and plain. Of times of day that are written out it makes civil
//! times, day by day, and asks for their instants: a skipped one is the first instant after the gap,
//! a doubled one the first of the two. Of intervals it looks at every minute that passes.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use jiff::civil::{DateTime as Civil, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use shared::jobs::schedule::Timetable;

/// Not Morocco, whose clock is a matter of decrees: there the age of the data is seen, not the rules.
const ZONES: [&str; 13] = [
    "Africa/Nairobi",
    "Africa/Cairo",
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
];

const LINES: [&str; 14] = [
    "0 0 * * *",
    "30 1 * * *",
    "30 2 * * *",
    "15 0,2,14 * * *",
    "0,30 2 * * *",
    "45 23 * * *",
    "0 9-17 * * 1-5",
    "30 2 * * 0",
    "0 2 29 3 *",
    "0 0 1 * *",
    "30 0 31 * *",
    "0 * * * *",
    "*/30 * * * *",
    "10 */6 * * *",
];

/// A field: the numbers that it allows, and whether it was written with a `*`.
fn field(text: &str, from: i8, to: i8) -> (BTreeSet<i8>, bool) {
    let mut allowed = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap()));
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (first.parse().unwrap(), last.parse().unwrap()),
            None if range == "*" => (from, to),
            None => (range.parse().unwrap(), range.parse().unwrap()),
        };
        allowed.extend((first..=last).step_by(step));
    }
    (allowed, text.contains('*'))
}

/// A line, read plainly.
struct Line {
    minutes: BTreeSet<i8>,
    hours: BTreeSet<i8>,
    days: BTreeSet<i8>,
    months: BTreeSet<i8>,
    weekdays: BTreeSet<i8>,
    is_interval: bool,
}

impl Line {
    fn read(text: &str) -> Self {
        let fields: Vec<&str> = text.split(' ').collect();
        let (minutes, any_minute) = field(fields[0], 0, 59);
        let (hours, any_hour) = field(fields[1], 0, 23);
        Self {
            minutes,
            hours,
            days: field(fields[2], 1, 31).0,
            months: field(fields[3], 1, 12).0,
            weekdays: field(fields[4], 0, 6).0,
            is_interval: any_minute || any_hour,
        }
    }

    fn allows_day(&self, at: Civil) -> bool {
        self.days.contains(&at.day())
            && self.months.contains(&at.month())
            && self.weekdays.contains(&at.weekday().to_sunday_zero_offset())
    }

    /// All instants after `from`, up to `to`.
    fn instants(&self, zone: &TimeZone, from: Timestamp, to: Timestamp) -> BTreeSet<Timestamp> {
        let all = if self.is_interval { self.minutes_that_pass(zone, from, to) } else { self.times(zone, from, to) };
        all.into_iter().filter(|at| *at > from && *at <= to).collect()
    }

    fn minutes_that_pass(&self, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let mut all = Vec::new();
        let mut at = from;
        while at <= to {
            let civil = zone.to_datetime(at);
            if self.allows_day(civil) && self.hours.contains(&civil.hour()) && self.minutes.contains(&civil.minute()) {
                all.push(at);
            }
            // Every line below, in every zone, fires on whole fives of minutes.
            at += SignedDuration::from_mins(5);
        }
        all
    }

    fn times(&self, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let mut all = Vec::new();
        let mut day = zone.to_datetime(from).date().checked_sub(1.day()).unwrap();
        let last = zone.to_datetime(to).date();
        while day <= last {
            for hour in &self.hours {
                for minute in &self.minutes {
                    let civil = day.to_datetime(Time::constant(*hour, *minute, 0, 0));
                    if self.allows_day(civil) {
                        all.push(instant(zone, civil));
                    }
                }
            }
            day = day.tomorrow().unwrap();
        }
        all
    }
}

fn instant(zone: &TimeZone, civil: Civil) -> Timestamp {
    let found = zone.to_ambiguous_timestamp(civil);
    match found.offset() {
        AmbiguousOffset::Unambiguous { .. } => found.unambiguous().unwrap(),
        AmbiguousOffset::Fold { .. } => found.earlier().unwrap(),
        // The change itself is the first instant after the gap.
        AmbiguousOffset::Gap { .. } => {
            let before = found.earlier().unwrap() - SignedDuration::from_hours(3);
            zone.following(before).next().expect("the change").timestamp()
        }
    }
}

fn ours(line: &str, zone: &str, from: Timestamp, to: Timestamp) -> BTreeSet<Timestamp> {
    let table = Timetable::new(line, zone).unwrap();
    let mut at = DateTime::<Utc>::from_timestamp(from.as_second(), 0).unwrap();
    let mut all = BTreeSet::new();
    loop {
        at = table.next_after(at).unwrap();
        let next = Timestamp::from_second(at.timestamp()).unwrap();
        if next > to {
            return all;
        }
        assert!(all.insert(next), "{line} in {zone} fires twice at {next}");
    }
}

#[test]
fn two_years_in_every_zone_are_as_another_implementation_has_them() {
    let two_years = [("2026-01-01T11:00:00Z", "2028-01-01T11:00:00Z")];
    // Intervals are many, and differ only around changes.
    let changes = [("2026-03-01T11:00:00Z", "2026-05-01T11:00:00Z"), ("2026-09-01T11:00:00Z", "2026-11-15T11:00:00Z")];
    let mut compared = 0;
    for zone in ZONES {
        let theirs = TimeZone::get(zone).unwrap();
        for text in LINES {
            let line = Line::read(text);
            for (from, to) in if line.is_interval { &changes[..] } else { &two_years[..] } {
                let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
                let expected = line.instants(&theirs, from, to);
                let got = ours(text, zone, from, to);
                let differ: Vec<_> = expected.symmetric_difference(&got).take(5).collect();
                assert!(differ.is_empty(), "{text} in {zone}: {differ:?} in one and not in the other");
                compared += got.len();
            }
        }
    }
    assert!(compared > 100_000, "only {compared} instants were compared");
}

/// Faults of other schedulers, which must not be ours.
#[test]
fn known_faults_of_others() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let next = |line, zone, after| Timetable::new(line, zone).unwrap().next_after(at(after)).unwrap();
    // A zone with a whole-hour offset and no changes was taken for UTC (celery #6438).
    assert_eq!(next("0 8 * * *", "Africa/Nairobi", "2026-06-01T00:00:00Z"), at("2026-06-01T05:00:00Z"));
    // After the clock went back the day's run came an hour early, or twice (django-celery-beat #604).
    assert_eq!(next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z"));
    // Far from UTC the local day is another (django-celery-beat #194).
    assert_eq!(next("0 1 * * 1", "Pacific/Apia", "2026-06-06T12:00:00Z"), at("2026-06-07T12:00:00Z"));
}
