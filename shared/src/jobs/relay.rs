//! stub
use crate::config::RedisConfig;
use crate::db::Pool;
use tokio_util::sync::CancellationToken;
/// stub
pub async fn run(_: Pool, _: String, _: RedisConfig, stop: CancellationToken) {
    stop.cancelled().await;
}
