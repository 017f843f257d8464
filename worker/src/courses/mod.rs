//! Courses: what takes too long to be waited for.

mod copy_contents;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry.on_db(copy_contents::copy_contents)
}
