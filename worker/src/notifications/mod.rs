//! Notifications: telling, and delivering by mail and to devices.

mod announce_certificate;
mod announce_content;
mod announce_reply;
mod deliver_email;
mod deliver_push;
mod push;
mod send_announcement;
mod send_digest;
mod welcome;
mod wording;

pub use push::{Gateways, Push, PushError, PushMessage};

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    let connections = push::Connections::default();
    registry
        .on_db(welcome::welcome)
        .on_db(announce_certificate::announce)
        .on_db(announce_content::announce)
        .on_db(announce_reply::announce)
        .on_db(send_announcement::begin)
        .on_db(send_announcement::fan_out)
        .on(deliver_email::deliver)
        .on(move |ctx, job| deliver_push::deliver(ctx, job, connections.clone()))
        .on(send_digest::send)
}
