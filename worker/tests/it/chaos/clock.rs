//! Work by the clock is asked for once for each instant, whoever leads and however often they die.

use std::time::Duration;

use super::size;
use super::world::World;
use crate::process::{Program, until};

/// Each fires every second.
const SCHEDULES: i64 = 200;
/// Each of them may lead.
const PROCESSES: usize = 5;
/// How many instants have been fired. The release's own schedules fire, too, whenever their time comes.
const FIRED: &str =
    "select count(*) from schedule_runs r join job_schedules s on s.id = r.schedule_id where s.name like 'clock.%'";

/// Has two hundred schedules begin at one instant, in a moment. What they ask for is in a queue that
/// nobody here serves: it is counted, not done.
async fn wind_up(world: &World) {
    let made = world
        .texts(&format!(
            "insert into job_schedules (id, name, kind, args, queue, max_attempts, cron, is_edited, is_declared, misfire,
                 misfire_grace_seconds, overlap, next_run_at, created_at, updated_at)
             select gen_random_uuid(), 'clock.' || n, 'rehearsal.mark',
                 jsonb_build_object('tenant', '00000000-0000-0000-0000-000000000001', 'number', n), 'within_1h', 1,
                 '* * * * * *', true, false, 'all', 600, 'allow', date_trunc('second', now()) + interval '5 seconds', now(), now()
             from generate_series(1, {SCHEDULES}) as n
             returning name"
        ))
        .await;
    assert_eq!(i64::try_from(made.len()), Ok(SCHEDULES));
}

/// The one of them that leads, as soon as one does.
async fn leader(world: &World, workers: &[Program]) -> usize {
    let mut found = None;
    until("one of them leads", async || {
        let leader = world.texts("select leader from job_relay").await.concat();
        found = workers.iter().position(|worker| leader == format!("worker {}", worker.id()));
        found.is_some()
    })
    .await;
    found.expect("a leader")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instant_is_fired_once_while_five_processes_lead_and_the_leader_is_killed_every_five_seconds() {
    let Some(world) = World::on_shared_servers().await else { return };
    let kills: u32 = size(4, 24);
    wind_up(&world).await;
    let begin = world
        .ask("select extract(epoch from min(next_run_at))::bigint from job_schedules where name like 'clock.%'")
        .await;
    let mut workers: Vec<Program> = (0..PROCESSES).map(|_| world.worker(&["--queues", "within_10m=1"])).collect();
    until("the first have fired", async || world.ask(FIRED).await > 0).await;

    for _ in 0..kills {
        tokio::time::sleep(Duration::from_secs(5)).await; // the pace of the load
        let leading = leader(&world, &workers).await;
        workers[leading].kill_and_restart();
    }
    leader(&world, &workers).await;
    let now = world.ask("select extract(epoch from now())::bigint").await;
    until("they have caught up", async || {
        let behind = format!(
            "select count(*) from job_schedules where name like 'clock.%' and next_run_at <= to_timestamp({now})"
        );
        world.ask(&behind).await == 0
    })
    .await;
    world.texts("update job_schedules set is_enabled = false returning name").await;

    assert_eq!(workers.iter().map(Program::deaths).sum::<u32>(), kills, "that was not all the harm");
    // The instants of each schedule are the seconds from the first to where it stands now.
    let wrong = world
        .texts(&format!(
            "select s.name || ': ' || count(r.scheduled_for) from job_schedules s
             left join schedule_runs r on r.schedule_id = s.id
             where s.name like 'clock.%'
             group by s.id
             having count(r.scheduled_for) <> extract(epoch from s.next_run_at)::bigint - {begin}
                 or count(distinct date_trunc('second', r.scheduled_for)) <> count(*) or count(r.job_id) <> count(*)"
        ))
        .await;
    assert_eq!(wrong, Vec::<String>::new(), "instants are missing, or without a job");
    let asked = "select count(*) from jobs where kind = 'rehearsal.mark'";
    let (jobs, runs) = (world.ask(asked).await, world.ask(FIRED).await);
    let once = "select count(*) from (select distinct args ->> 'number', args ->> 'scheduled_for' from jobs where kind = 'rehearsal.mark') as instants";
    assert_eq!((jobs, world.ask(once).await), (runs, runs), "an instant has two jobs, or a job no instant");
    let late = world.ask(
        "select (1000 * extract(epoch from max(j.created_at - r.scheduled_for)))::bigint from schedule_runs r join jobs j on j.id = r.job_id where j.kind = 'rehearsal.mark'",
    );
    println!(
        "{runs} instants of {SCHEDULES} schedules, each once; {kills} leaders killed; at most {} ms late",
        late.await
    );
    assert!(runs >= SCHEDULES * i64::from(kills) * 5, "only {runs} instants have passed");
}
