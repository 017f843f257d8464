//! What the API has answered for is kept: it is killed again and again while clients ask for things
//! under a key of their own, and ask again when the answer is lost.

use std::time::Duration;

use shared::jobs::Queue;

use super::api::Api;
use super::checker::{Account, Wanted, calm};
use super::size;
use super::world::World;
use crate::process::until;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_is_kept_and_done_once_though_the_api_dies_again_and_again() {
    let Some(world) = World::on_shared_servers().await else { return };
    let mut api = Api::start(&world).await;
    let (people, time) = (size(400, 2_000), Duration::from_secs(size(12, 40)));
    let admin = api.admin.clone();
    let inviting = tokio::spawn(async move { admin.invite_all(0..people, time).await });
    while !inviting.is_finished() {
        until("the API is ready", async || api.program.probe("/health/ready").await == Some(200)).await;
        // The moment is drawn by lot.
        let moment = u64::try_from(uuid::Uuid::new_v4().as_u128() % 800).expect("few");
        tokio::time::sleep(Duration::from_millis(200 + moment)).await;
        api.program.kill_and_restart();
    }
    let invited = inviting.await.expect("all are invited");
    let kills = api.program.deaths();
    println!("accepted: {kills} kills, {invited:?}", invited = (invited.troubles, invited.refused, invited.replayed));
    assert!(kills >= 5, "the API was killed only {kills} times");
    assert!(invited.troubles > invited.refused, "no answer was lost");

    let wanted = i64::from(people);
    assert_eq!(world.ask("select count(*) from users where email like 'learner%'").await, wanted);
    let jobs = "from jobs where kind = 'users.send_invitation'";
    assert_eq!(world.ask(&format!("select count(*) {jobs}")).await, wanted);
    assert_eq!(world.ask(&format!("select count(distinct args->>'token_id') {jobs}")).await, wanted);

    let _worker = world.worker_of(Queue::Within5s, 16);
    calm(&world, Duration::from_secs(40)).await;
    Account::settle(&world, Wanted { people: 0..people, ..Wanted::default() }).await.assert_exact();
}
