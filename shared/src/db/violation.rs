//! Which named constraint a statement broke.

use diesel::result::{DatabaseErrorKind, Error};

/// The constraint's name, when `error` is a broken unique, foreign-key or check constraint.
/// Domains match on the names that their migration gave.
pub fn broken_constraint(error: &Error) -> Option<&str> {
    match error {
        Error::DatabaseError(
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::CheckViolation,
            about,
        ) => about.constraint_name(),
        _ => None,
    }
}
