//! Fields of courses that are more than a text or a number.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use url::Url;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Addresses may be so long.
const LONGEST_ADDRESS: usize = 2_048;
/// Objects that clients keep with us may be so large.
const LARGEST_OBJECT: usize = 65_536;

/// Hundredths of a currency's unit; on the wire a text with two decimals, so that nobody computes
/// with a binary fraction. A number is understood, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Price(pub(super) i64);

impl FromStr for Price {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "A price looks like 49.90: digits, and at most two decimals.";
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 8 || decimals.len() > 2 {
            return Err(WRONG);
        }
        let cents = format!("{whole}{decimals:0<2}");
        cents.parse().map(Self).map_err(|_| WRONG)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Price;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a price like \"49.90\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Price, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Price, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Price, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl PartialSchema for Price {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).examples(["49.90"]);
        OneOfBuilder::new().item(text).item(ObjectBuilder::new().schema_type(Type::Number)).into()
    }
}

impl ToSchema for Price {}

/// A title: without spaces around it, and not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Title(pub(super) String);

impl<'de> Deserialize<'de> for Title {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = String::deserialize(deserializer)?;
        let title = given.trim();
        match title.chars().count() {
            0 => Err(D::Error::custom("This may not be blank.")),
            1..=255 => Ok(Self(title.to_owned())),
            _ => Err(D::Error::custom("This may have 255 characters at most.")),
        }
    }
}

/// Reads a field that names a web page or a file: `null` and an empty text, which forms send,
/// clear it. Only `http` and `https`: a browser follows it.
pub(super) fn web_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(Some(None)) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Some(None));
    }
    if text.len() > LONGEST_ADDRESS {
        return Err(D::Error::custom("An address may have 2,048 characters at most."));
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match url {
        Some(url) => Ok(Some(Some(url.into()))),
        None => Err(D::Error::custom("This is not an address that begins with http:// or https://.")),
    }
}

/// Refuses objects that are too large to keep.
pub(crate) fn small_object(object: &Map<String, Value>, (): &()) -> garde::Result {
    let size = serde_json::to_vec(object).map_or(usize::MAX, |bytes| bytes.len());
    if size <= LARGEST_OBJECT { Ok(()) } else { Err(garde::Error::new("This may have 64 KiB at most.")) }
}

/// Reads a value of a query string that is a word with a meaning.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_exactly_and_written_with_two_decimals() {
        for (given, written) in [
            ("\"49.90\"", "49.90"),
            ("\"49.9\"", "49.90"),
            ("49.99", "49.99"),
            ("7", "7.00"),
            ("0", "0.00"),
            ("\"0.05\"", "0.05"),
            ("\"99999999.99\"", "99999999.99"),
        ] {
            let price: Price = serde_json::from_str(given).expect(given);
            assert_eq!(price.to_string(), written, "{given}");
        }
        for given in
            ["-1", "\"-1\"", "\"1.234\"", "1.234", "\"\"", "\".5\"", "\"1e3\"", "\"123456789\"", "null", "1e300"]
        {
            assert!(serde_json::from_str::<Price>(given).is_err(), "{given}");
        }
    }

    #[test]
    fn only_web_addresses_are_addresses() {
        let read = |text: &str| web_address(&Value::from(text)).ok();
        assert_eq!(read(""), Some(Some(None)));
        assert_eq!(read("https://example.org/a b"), Some(Some(Some("https://example.org/a%20b".to_owned()))));
        for text in
            ["javascript:alert(1)", "data:text/html,x", "ftp://example.org", "//example.org", "example", "http://"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
