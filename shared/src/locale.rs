//! Languages and time zones, by the names that the world has given them.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The zone of this name; UTC for a name that is none.
pub fn time_zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// The instant at which the clocks of `zone` show `local`: the first of two when they are put back,
/// the end of the gap when they are put forward over it.
pub fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    // The widest gap there ever was took a day.
    (0..=24 * 60)
        .find_map(|minutes| match zone.from_local_datetime(&(local + TimeDelta::minutes(minutes))) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
            LocalResult::None => None,
        })
        .unwrap_or_else(|| local.and_utc())
}

/// The instant at which a day begins on the clocks of `zone`.
///
/// Days are counted here and handed to PostgreSQL as instants: its list of zones is another one than
/// ours, and a name that it does not know fails the whole statement.
pub fn midnight(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    instant(zone, day.and_time(NaiveTime::MIN))
}

/// Whether `name` is a zone of the IANA database.
pub fn is_time_zone(name: &str) -> bool {
    name.parse::<chrono_tz::Tz>().is_ok()
}

/// Whether `tag` has the shape of a language tag: `en`, `pt-BR`, `zh-Hant-TW`.
pub fn is_language(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let is_first = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    is_first
        && tag.len() <= 35
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_languages_and_zones_are_known_from_others() {
        for tag in ["en", "pt-BR", "zh-Hant-TW", "de_AT"] {
            assert!(is_language(tag), "{tag}");
        }
        for tag in ["", "e", "english", "en-", "en-x", "en US", "12"] {
            assert!(!is_language(tag), "{tag}");
        }
        assert!(is_time_zone("UTC") && is_time_zone("Africa/Nairobi"));
        assert!(!is_time_zone("Mars/Olympus") && !is_time_zone(""));
    }
}
