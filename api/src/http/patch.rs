//! Patches: a field left out stays, a field of `null` is cleared.

use serde::{Deserialize, Deserializer};

/// For `Option<Option<T>>`: `None` when the field is left out (by `#[serde(default)]`), `Some(None)`
/// when it is null.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
