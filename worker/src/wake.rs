//! Hearing at once that tickets were pushed.
//!
//! Only for speed: every queue is also looked at many times a second, so a message that is lost
//! costs milliseconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use shared::config::RedisConfig;
use shared::jobs::{Queue, Road};
use tokio::sync::Notify;

/// Listens for ever.
pub(crate) async fn listen(redis: RedisConfig, road: Road, wakers: Arc<BTreeMap<Queue, Notify>>) {
    loop {
        if let Err(error) = hear(&redis, &road, &wakers).await {
            tracing::debug!("Not hearing of tickets: {error}");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn hear(redis: &RedisConfig, road: &Road, wakers: &BTreeMap<Queue, Notify>) -> Result<(), redis::RedisError> {
    let client = redis::Client::open(redis.url.as_str())?;
    let mut listener = client.get_async_pubsub().await?;
    listener.subscribe(road.wake_channel()).await?;
    let mut messages = listener.on_message();
    while let Some(message) = messages.next().await {
        let name: String = message.get_payload()?;
        if let Some(waker) = name.parse().ok().and_then(|queue: Queue| wakers.get(&queue)) {
            waker.notify_one();
        }
    }
    Ok(())
}
