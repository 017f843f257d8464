//! Certificates: issued when a course is completed, drawn, and stored.

mod discard;
mod draw;
mod issue;
pub mod render;
mod transcript;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry.on_db(issue::issue).on(draw::draw).on(discard::discard).on(transcript::render).on(transcript::discard)
}
