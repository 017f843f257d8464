//! Languages and time zones, by the names that the world has given them.

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
