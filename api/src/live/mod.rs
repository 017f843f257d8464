//! Streams that tell a client what changes while it waits (Server-Sent Events).
//!
//! A process has one connection that listens, however many streams it serves. What it hears wakes
//! the streams concerned, and each reads what it shows anew, in its caller's tenant: the channel
//! decides when to look, never what may be seen. A stream that was cut off begins with what the
//! client has not seen, so nothing is lost between two connections.
//!
//! A domain that has something to watch says what a stream [`Show`]s and calls [`stream`].

mod hub;
mod last_seen;
mod stream;

pub use hub::{Live, LiveSettings, TooManyStreams, Watch};
pub use last_seen::LastSeen;
pub use stream::{Seen, Show, stream};
