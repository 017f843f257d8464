//! PostgreSQL's disk is full for a while.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use shared::jobs::Queue;

use super::api::Api;
use super::checker::{Account, Wanted, calm};
use super::size;
use super::world::World;
use crate::process::{Program, until_within};

/// What the database and its log have, in mebibytes: some times what they need here.
const ROOM: u32 = 400;
/// How soon all work again when there is room.
const RECOVERY: Duration = Duration::from_secs(10);

/// A disk of its own for the data of a PostgreSQL that is stopped: a file system in memory, which
/// really is full when it is.
pub(super) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Puts one under `data`, with what is there; or says why that cannot be done here.
    pub(super) fn under(data: &Path) -> Result<Self, String> {
        let beside = data.with_extension("beside");
        let (data_text, beside_text) = (data.display().to_string(), beside.display().to_string());
        run("cp", &["-a", &data_text, &beside_text])?;
        let options = format!("size={ROOM}m,mode=700");
        let mounted = run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", &data_text]);
        let disk = mounted.map(|()| Self(data.to_owned())).inspect_err(|_| {
            let _ = fs::remove_dir_all(&beside);
        })?;
        run("chown", &["--reference", &beside_text, &data_text])?;
        run("cp", &["-a", &format!("{beside_text}/."), &data_text])?;
        fs::remove_dir_all(&beside).map_err(|error| error.to_string())?;
        Ok(disk)
    }

    /// Fills it to the last byte; says how many there were.
    pub(super) fn fill(&self) -> usize {
        let mut ballast = File::create(self.ballast()).expect("a file");
        let mut written = 0;
        for piece in [vec![0; 1 << 20], vec![0; 1 << 12], vec![0; 1]] {
            while let Ok(bytes @ 1..) = ballast.write(&piece) {
                written += bytes;
            }
        }
        written
    }

    pub(super) fn make_room(&self) {
        fs::remove_file(self.ballast()).expect("room again");
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = run("umount", &["-l", &self.0.display().to_string()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {said}")) }
}

/// Until somebody who comes now is served, and the worker has begun something new.
async fn all_work(world: &World, api: &Api, worker: &Program) -> Duration {
    let begun = world.ask("select (extract(epoch from clock_timestamp()) * 1000)::bigint").await;
    let of_worker = format!(
        "select count(*) from jobs where worker like '%-{}-%' and extract(epoch from started_at) * 1000 > {begun}",
        worker.id()
    );
    until_within(RECOVERY, "all work again", async || {
        api.program.probe("/health/ready").await == Some(200)
            && worker.probe("/health/ready").await == Some(200)
            && world.ask(&of_worker).await > 0
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_is_full_and_all_who_ask_are_told_when_to_come_back_and_nothing_is_lost() {
    let world = match World::on_a_small_disk().await {
        Some(Ok(world)) => world,
        Some(Err(why)) => {
            println!("NOT COVERED: a full disk (T21) needs a file system of its own, which cannot be made here: {why}");
            return;
        }
        None => return,
    };
    let api = Api::start(&world).await;
    let worker = world.worker_of(Queue::Within5s, 8);
    let (people, orders, third) = (size(300, 3_000), size(100, 1_000), size(8, 30));
    world.order(0..orders, 100).await;
    let admin = api.admin.clone();
    let inviting = tokio::spawn(async move { admin.invite_all(0..people, Duration::from_secs(3 * third)).await });

    tokio::time::sleep(Duration::from_secs(third)).await; // the pace of the load
    // A standby that is behind: else what a checkpoint makes free of the log is written over for ever.
    world.ask("select count(*) from pg_create_physical_replication_slot('behind', true)").await;
    // What the load writes during the fault has room in the log, wherever it has come to in its files.
    world.ask("select (pg_switch_wal() is not null)::int::bigint").await;
    world.write_to_the_log(1).await;
    let full = world.servers().disk().fill();
    tokio::time::sleep(Duration::from_secs(third)).await; // how long the fault lasts
    assert!(
        world.servers().is_postgres_up(),
        "what is written to tables has no room, and that is an error like others"
    );
    // What has no room in its log ends the server, which cannot begin again before there is some. How
    // much of the log lay ready to be written over, the load has decided.
    until_within(RECOVERY * 4, "the server has ended itself", async || {
        world.write_to_the_log(32).await;
        !world.servers().is_postgres_up()
    })
    .await;
    tokio::time::sleep(Duration::from_secs(third / 2)).await; // how long the fault lasts
    world.servers().disk().make_room();
    world.servers().start_what_is_down();
    let recovery = all_work(&world, &api, &worker).await;
    world.ask("select count(pg_drop_replication_slot('behind'))").await;

    let invited = inviting.await.expect("all are invited");
    calm(&world, Duration::from_secs(90)).await;
    let account = Account::settle(&world, Wanted { people: 0..people, orders: 0..orders, ..Wanted::default() }).await;
    println!(
        "disk: {} MiB filled; {} requests told to come back, {} otherwise; all work again after {recovery:?}; {account:?}",
        full >> 20,
        invited.refused,
        invited.untold.len(),
    );
    assert!(full > 0 && invited.refused > 0, "nobody noticed that the disk was full");
    assert_eq!(invited.untold, Vec::<String>::new(), "not told when to come back");
    account.assert_kept();
}
