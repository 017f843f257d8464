//! Mails about accounts.

mod letter;
mod send_invitation;
mod send_password_changed;
mod send_password_reset;

use crate::registry::Registry;

/// Its functions.
pub fn register(registry: Registry) -> Registry {
    registry
        .on(send_password_reset::send_password_reset)
        .on(send_invitation::send_invitation)
        .on(send_password_changed::send_password_changed)
}
