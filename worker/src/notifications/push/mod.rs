//! Push: a notification on the screens of a person's devices, also of those that they do not look
//! at. Each kind of device has its own way there.

mod web;

use std::fmt::Debug;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::json;
use shared::config::PlatformConfig;
use shared::ids::NotificationId;
use shared::notifications::{DeviceType, Notification, PushDevice};

use crate::context::Ctx;
pub use web::{Connections, WebPush};

/// How much of a notification is shown, in characters; the rest is read in the application.
const LONGEST_TITLE: usize = 120;
const LONGEST_BODY: usize = 200;
/// The longest link, in bytes.
const LONGEST_LINK: usize = 1_000;

/// Whatever carries messages to devices of one kind.
pub trait Push: Debug + Send + Sync {
    /// Hands a message over for a device.
    fn send<'a>(&'a self, device: &'a PushDevice, message: &'a PushMessage) -> BoxFuture<'a, Result<(), PushError>>;
}

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushMessage {
    /// What it tells of: who gets it twice can tell.
    pub notification: NotificationId,
    /// Worth waking a device that saves power.
    pub is_urgent: bool,
    /// For the client's own code, as JSON.
    pub payload: Vec<u8>,
}

/// Why a message was not handed over.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// It never will be reached there: it has to be registered anew.
    #[error("{0}")]
    Gone(String),
    /// Not now, but after this long.
    #[error("the push service is busy ({0})")]
    Later(u16, Duration),
    /// Nothing is set up that would carry it.
    #[error("nothing carries messages to such devices here")]
    NotConnected,
    /// It will not be taken the next time either.
    #[error("{0}")]
    Refused(String),
    /// Anything that passes.
    #[error(transparent)]
    Other(#[from] anyhow::Error),
}

/// Stands where no gateway is set up: for Android and iOS, for which nothing is built in, and for
/// browsers while the platform has no key.
#[derive(Debug)]
pub struct NotConnected;

impl Push for NotConnected {
    fn send<'a>(&'a self, _: &'a PushDevice, _: &'a PushMessage) -> BoxFuture<'a, Result<(), PushError>> {
        std::future::ready(Err(PushError::NotConnected)).boxed()
    }
}

/// What carries to each kind of device, as the platform is set up.
#[derive(Debug)]
pub struct Gateways {
    web: Option<WebPush>,
}

impl Gateways {
    /// Those of this run.
    ///
    /// # Errors
    /// The platform's key cannot be used.
    pub fn of(ctx: &Ctx, connections: &Connections) -> anyhow::Result<Self> {
        let PlatformConfig { web_push, outbound, .. } = &ctx.services().platform;
        let web = |config| WebPush::new(config, outbound.clone(), connections.clone(), ctx.services().clock.clone());
        Ok(Self { web: web_push.as_ref().map(web).transpose()? })
    }

    /// What carries to devices of this kind.
    pub fn to(&self, kind: DeviceType) -> &dyn Push {
        match (kind, &self.web) {
            (DeviceType::Web, Some(web)) => web,
            (DeviceType::Web, None) | (DeviceType::Android | DeviceType::Ios, _) => &NotConnected,
        }
    }
}

impl PushMessage {
    /// What a notification looks like on a device. The payload is less than the 3993 bytes that fit,
    /// however long the notification is.
    pub fn of(notification: &Notification, frontend_url: &str) -> Self {
        let link = notification.action_url.as_deref().filter(|link| link.len() <= LONGEST_LINK).unwrap_or("/");
        let link = if link.starts_with('/') { format!("{frontend_url}{link}") } else { link.to_owned() };
        let payload = json!({
            "notification_id": notification.id,
            "notification_type": notification.notification_type,
            "title": shortened(&notification.subject, LONGEST_TITLE),
            "body": shortened(&notification.message, LONGEST_BODY),
            "url": link,
        });
        Self {
            notification: notification.id,
            is_urgent: notification.is_urgent(),
            payload: payload.to_string().into_bytes(),
        }
    }
}

/// The beginning of a text on one line.
fn shortened(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !c.is_control()).collect();
    if line.chars().count() <= most {
        return line;
    }
    let kept: String = line.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shown_by_its_beginning_on_one_line() {
        assert_eq!(shortened("You are\nenrolled.", 200), "You are enrolled.");
        let long = shortened(&"🦀 ".repeat(500), 200);
        assert!(long.chars().count() <= 200 && long.ends_with("🦀…"), "{long}");
    }
}
