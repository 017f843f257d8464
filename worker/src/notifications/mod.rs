//! Notifications: telling, and delivering by mail.

mod announce_certificate;
mod deliver_email;
mod welcome;
mod wording;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry.on_db(welcome::welcome).on_db(announce_certificate::announce).on(deliver_email::deliver)
}
