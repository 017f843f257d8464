//! Notifications: what a person should know, and the channels by which it reaches them.
//!
//! Telling, delivering and reading are separate facts. [`notify`] writes a notification once for
//! each event and person, with a line for each channel that the person wants; reading it changes
//! no delivery, and a mail that cannot be sent leaves what stands on the screen alone. What can wait
//! is held back in a person's quiet hours, or summed up in a digest.

mod announcement;
mod announcement_list;
mod audience;
mod author;
mod delivery;
mod device;
mod digest;
mod email_template;
pub mod jobs;
mod notice;
mod notification;
mod notify;
mod preferences;
mod quiet;

pub use announcement::{
    Announcement, AnnouncementChanges, AnnouncementError, AnnouncementObstacle, AnnouncementStatus, NewAnnouncement,
};
pub use announcement_list::{AnnouncementRow, AnnouncementStats};
pub use audience::{AnnouncementTarget, Target};
pub use delivery::{Delivery, DeliveryChannel, DeliveryStatus, EmailToSend, PushToSend};
pub use device::{DeviceChange, DeviceType, MOST_DEVICES, PushDevice, Reach, Unreachable};
pub use digest::{Digest, DigestChoice, DigestFrequency, DigestToSend};
pub use email_template::EmailTemplate;
pub use notice::{Notice, listed};
pub use notification::{Notification, NotificationFilter, NotificationRow, NotificationStatus, NotificationType};
pub use notify::{NewNotification, News, Notified, Told, notify, notify_all};
pub use preferences::{Choices, Preferences, PreferencesChange};
pub use quiet::QuietHours;
