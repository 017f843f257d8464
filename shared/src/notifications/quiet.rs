//! Hours in which a person does not want to be disturbed.

use chrono::{DateTime, DurationRound, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// From one time to another on a person's own clock, over midnight when the first is the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: NaiveTime,
    to: NaiveTime,
}

/// Longer than any quiet there is: a day, and the hour that clocks are put back by.
const LONGEST: i64 = 27 * 60;

impl QuietHours {
    /// None when there would be none, or nothing else.
    pub fn new(from: NaiveTime, to: NaiveTime) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }

    /// When they begin.
    pub const fn from(self) -> NaiveTime {
        self.from
    }

    /// When they end; this is not quiet any more.
    pub const fn to(self) -> NaiveTime {
        self.to
    }

    fn contains(self, time: NaiveTime) -> bool {
        if self.from < self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }

    /// Whether it is quiet in `zone` at that instant.
    pub fn are_at(self, zone: Tz, at: DateTime<Utc>) -> bool {
        self.contains(at.with_timezone(&zone).time())
    }

    /// The first instant after `at` that is not quiet; none when `at` itself is not.
    pub fn end_after(self, zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !self.are_at(zone, at) {
            return None;
        }
        let wait = self.to - at.with_timezone(&zone).time();
        let end = at + if wait <= TimeDelta::zero() { wait + TimeDelta::days(1) } else { wait };
        if offset(zone, end) == offset(zone, at) {
            return Some(end);
        }
        // The clocks are put forward or back before that, which happens on two nights a year: look
        // minute by minute.
        let minute = at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
        (1..=LONGEST).map(|minutes| minute + TimeDelta::minutes(minutes)).find(|&later| !self.are_at(zone, later))
    }
}

fn offset(zone: Tz, at: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(from: &str, to: &str) -> QuietHours {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").expect("a time");
        QuietHours::new(time(from), time(to)).expect("hours")
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_night_ends_in_the_morning_of_the_persons_own_clock() {
        for (zone, from, to, at, end) in [
            (Tz::UTC, "22:00", "07:00", "2026-01-05T23:30:00Z", Some("2026-01-06T07:00:00Z")),
            (Tz::UTC, "22:00", "07:00", "2026-01-05T06:59:59Z", Some("2026-01-05T07:00:00Z")),
            (Tz::UTC, "22:00", "07:00", "2026-01-05T07:00:00Z", None),
            (Tz::UTC, "22:00", "07:00", "2026-01-05T21:59:59Z", None),
            (Tz::Africa__Nairobi, "22:00", "07:00", "2026-01-05T20:00:00Z", Some("2026-01-06T04:00:00Z")),
            (Tz::UTC, "12:00", "13:00", "2026-01-05T12:15:00Z", Some("2026-01-05T13:00:00Z")),
            // Berlin puts its clocks forward at 01:00 UTC: the night is an hour shorter.
            (Tz::Europe__Berlin, "22:00", "07:00", "2026-03-28T21:30:00Z", Some("2026-03-29T05:00:00Z")),
            // There is no 02:30 in that night: it is over when there would have been one.
            (Tz::Europe__Berlin, "22:00", "02:30", "2026-03-28T23:00:00Z", Some("2026-03-29T01:00:00Z")),
            // In October it is an hour longer, and 02:30 comes twice: the first time is the end.
            (Tz::Europe__Berlin, "22:00", "07:00", "2026-10-24T21:30:00Z", Some("2026-10-25T06:00:00Z")),
            (Tz::Europe__Berlin, "22:00", "02:30", "2026-10-24T22:00:00Z", Some("2026-10-25T00:30:00Z")),
            (Tz::Europe__Berlin, "22:00", "02:30", "2026-10-25T01:10:00Z", Some("2026-10-25T01:30:00Z")),
        ] {
            assert_eq!(hours(from, to).end_after(zone, utc(at)), end.map(utc), "{zone} {from}-{to} at {at}");
        }
    }

    #[test]
    fn hours_that_begin_when_they_end_are_none() {
        let noon = NaiveTime::from_hms_opt(12, 0, 0).expect("noon");
        assert_eq!(QuietHours::new(noon, noon), None);
    }

    fn any_hours() -> impl Strategy<Value = QuietHours> {
        let minute = |minutes: u32| NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).expect("a time");
        (0..1440_u32, 1..1440_u32)
            .prop_map(move |(from, long)| QuietHours::new(minute(from), minute((from + long) % 1440)).expect("hours"))
    }

    /// Instants of the days around which clocks are put forward and back, and of others.
    fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
        let days = prop::sample::select(vec![
            "2026-03-28T00:00:00Z",
            "2026-10-24T00:00:00Z",
            "2026-03-07T12:00:00Z",
            "2026-10-31T12:00:00Z",
            "2026-04-04T00:00:00Z",
            "2026-10-03T00:00:00Z",
            "2011-12-29T00:00:00Z",
            "2026-07-01T00:00:00Z",
        ]);
        (days, 0..3 * 86_400_i64).prop_map(|(day, seconds)| utc(day) + TimeDelta::seconds(seconds))
    }

    fn any_zone() -> impl Strategy<Value = Tz> {
        prop::sample::select(vec![
            Tz::UTC,
            Tz::Europe__Berlin,
            Tz::America__New_York,
            Tz::America__St_Johns,
            Tz::Australia__Lord_Howe,
            Tz::Antarctica__Troll,
            Tz::Asia__Kathmandu,
            Tz::Africa__Casablanca,
            // Left out a whole day in 2011.
            Tz::Pacific__Apia,
        ])
    }

    proptest! {
        #[test]
        fn the_end_is_the_first_minute_that_is_not_quiet(
            hours in any_hours(), zone in any_zone(), at in any_instant(),
        ) {
            match hours.end_after(zone, at) {
                None => prop_assert!(!hours.are_at(zone, at)),
                Some(end) => {
                    prop_assert!(end > at);
                    prop_assert!(!hours.are_at(zone, end));
                    let mut between = at;
                    while between < end {
                        prop_assert!(hours.are_at(zone, between), "{between} is not quiet");
                        between += TimeDelta::minutes(1);
                    }
                    prop_assert!(hours.are_at(zone, end - TimeDelta::seconds(1)));
                }
            }
        }
    }
}
