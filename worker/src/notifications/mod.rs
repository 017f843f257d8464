//! Notifications: telling, and delivering by mail.

mod announce_certificate;
mod announce_reply;
mod deliver_email;
mod send_announcement;
mod send_digest;
mod welcome;
mod wording;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry
        .on_db(welcome::welcome)
        .on_db(announce_certificate::announce)
        .on_db(announce_reply::announce)
        .on_db(send_announcement::begin)
        .on_db(send_announcement::fan_out)
        .on(deliver_email::deliver)
        .on(send_digest::send)
}
