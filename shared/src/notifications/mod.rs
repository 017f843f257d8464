//! Notifications: what a person should know, and the channels by which it reaches them.
//!
//! Telling, delivering and reading are separate facts. [`notify`] writes a notification once for
//! each event and person, with a line for each channel that the person wants; reading it changes
//! no delivery, and a mail that cannot be sent leaves what stands on the screen alone.

mod delivery;
pub mod jobs;
mod notice;
mod notification;
mod notify;
mod preferences;

pub use delivery::{Delivery, DeliveryChannel, DeliveryStatus, EmailToSend};
pub use notice::Notice;
pub use notification::{Notification, NotificationFilter, NotificationRow, NotificationStatus, NotificationType};
pub use notify::{NewNotification, Notified, notify};
pub use preferences::{Choices, Preferences, PreferencesChange};
