//! An enum of PostgreSQL as an enum of Rust.
//!
//! People write `learner`, `Learner` or `LEARNER`; all are read, one is written. A word that is
//! none of them is answered with those that are.

/// A word that is not in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not one of {}", .allowed.join(", "))]
pub struct UnknownValue {
    /// What was written.
    pub given: String,
    /// What could have been.
    pub allowed: &'static [&'static str],
}

/// Declares an enum with its spelling in the database and on the wire, and further spellings that
/// are understood: `Quiz = "QUIZ" | "TEST"`.
macro_rules! sql_enum {
    (
        $(#[$doc:meta])*
        $name:ident: $sql:ty {
            $($(#[$variant_doc:meta])* $variant:ident = $text:literal $(| $alias:literal)*,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow, utoipa::ToSchema)]
        #[diesel(sql_type = $sql)]
        pub enum $name {
            $($(#[$variant_doc])* #[schema(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in the database's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every value as it is written.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// As it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::db::UnknownValue;

            fn from_str(given: &str) -> Result<Self, Self::Err> {
                $(if given.eq_ignore_ascii_case($text) $(|| given.eq_ignore_ascii_case($alias))* {
                    return Ok(Self::$variant);
                })+
                Err($crate::db::UnknownValue { given: given.to_owned(), allowed: Self::NAMES })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let given = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
                given.parse().map_err(serde::de::Error::custom)
            }
        }

        impl diesel::serialize::ToSql<$sql, diesel::pg::Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.as_str().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<$sql, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(std::str::from_utf8(value.as_bytes())?.parse::<Self>()?)
            }
        }
    };
}
pub(crate) use sql_enum;
