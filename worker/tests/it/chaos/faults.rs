//! What goes wrong.

use super::world::World;
use crate::process::{Program, until};

/// Empties Redis.
pub(super) async fn flush(world: &World) {
    redis::cmd("FLUSHALL").query_async::<()>(&mut world.redis().await).await.expect("flushed");
}

/// Cuts all connections to Redis but our own; says how many there were.
pub(super) async fn disconnect_from_redis(world: &World) -> i64 {
    let mut redis = world.redis().await;
    redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").query_async(&mut redis).await.expect("an answer")
}

/// Which life of Redis the relay believes in.
pub(super) async fn epoch(world: &World) -> String {
    world.texts("select epoch from job_relay").await.pop().unwrap_or_default()
}

/// Ends up to `most` connections of the programs, drawn by lot; says how many.
pub(super) async fn end_connections(world: &World, most: u32) -> i64 {
    world
        .ask(&format!(
            "select count(pg_terminate_backend(pid)) from (
                 select pid from pg_stat_activity
                 where application_name = 'lms' and datname = current_database() and pid <> pg_backend_pid()
                 order by random() limit {most}) as drawn"
        ))
        .await
}

/// The connections by which the relay's posts are held: the leader's and the keeper's.
const HOLDERS: &str = "pg_locks where locktype = 'advisory' and objid in (7203302, 7203303) and granted
    and database = (select oid from pg_database where datname = current_database())";

/// Ends the connections by which the relay's posts are held, as soon as both are.
pub(super) async fn depose(world: &World) {
    let held = format!("select count(*) from {HOLDERS}");
    until("somebody leads, and somebody keeps the clock", async || world.ask(&held).await == 2).await;
    world.ask(&format!("select count(pg_terminate_backend(pid)) from {HOLDERS}")).await;
}

/// The process that leads the relay.
pub(super) async fn leader(world: &World) -> Option<u32> {
    let name = world.texts("select leader from job_relay").await.pop()?;
    name.rsplit(' ').next()?.parse().ok()
}

/// Whether `program` leads the relay.
pub(super) async fn leads(world: &World, program: &Program) -> bool {
    leader(world).await == Some(program.id())
}
