//! Fields of what is sent. Patches: one left out stays, one of `null` is cleared.

use chrono::Datelike;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// For `Option<Option<T>>`: `None` when the field is left out (by `#[serde(default)]`), `Some(None)`
/// when it is null.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// For `Option<T>` of an instant or a day: one that can be kept. PostgreSQL's years begin later than
/// those that can be written, and none of either end is meant by anybody.
pub fn dated<'de, D: Deserializer<'de>, T: Deserialize<'de> + Datelike>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let when = Option::<T>::deserialize(deserializer)?;
    if when.as_ref().is_none_or(|when| (1..=9999).contains(&when.year())) {
        Ok(when)
    } else {
        Err(D::Error::custom("the year must be between 1 and 9999"))
    }
}

/// [`present`] and [`dated`].
pub fn present_dated<'de, D: Deserializer<'de>, T: Deserialize<'de> + Datelike>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    dated(deserializer).map(Some)
}
