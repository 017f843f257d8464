//! With a virus scanner, which is asked by its own protocol.

use chrono::TimeDelta;
use devtools::clamd::Clamd;
use shared::files::{FileStatus, ScanResult};
use shared::testing::free_address;

use super::{arrive, eicar, row, seen};
use crate::world::World;

async fn clamd() -> Clamd {
    Clamd::start(([127, 0, 0, 1], 0).into(), 25 << 20).await.expect("a scanner")
}

async fn world(clamd: &Clamd, largest: &str) -> World {
    let address = clamd.address().to_string();
    World::make_with(&[("CLAMD_ADDRESS", address), ("CLAMAV_MAX_FILE_SIZE", largest.to_owned())]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_scanner_has_seen_is_clean_or_infected() {
    let clamd = clamd().await;
    let world = world(&clamd, "1000000").await;

    let clean = seen(&world, "notes.txt", b"hello").await;
    let infected = seen(&world, "virus.txt", &[b"harmless, ".as_slice(), &eicar()].concat()).await;

    assert_eq!((clean.content.status, clean.content.scan_result), (FileStatus::Available, Some(ScanResult::Clean)));
    assert_eq!(infected.content.scan_result, Some(ScanResult::Infected));
    assert_eq!(infected.content.scan_details.as_deref(), Some("Eicar-Test-Signature"));
    assert_eq!(clamd.scanned(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_the_scanner_passes_and_says_so() {
    let clamd = clamd().await;
    let small = world(&clamd, "4").await;
    let row = seen(&small, "notes.txt", b"hello").await;
    assert_eq!(row.content.scan_result, Some(ScanResult::Skipped));
    assert_eq!(row.content.scan_details.as_deref(), Some("It is larger than the virus scanner takes."));
    assert_eq!(clamd.scanned(), 0);

    // More than the daemon's own limit, which it says only when it has had enough.
    let strict = Clamd::start(([127, 0, 0, 1], 0).into(), 1_000).await.expect("a scanner");
    let world = world(&strict, "100000000").await;
    let row = seen(&world, "notes.txt", &vec![b'a'; 10 << 20]).await;
    assert_eq!(row.content.scan_details.as_deref(), Some("It is larger than the virus scanner takes."));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_while_the_scanner_is_away_and_everything_is_looked_at_when_it_is_back() {
    // Nobody else takes it meanwhile.
    let address = free_address();
    let away = Clamd::start(address, 25 << 20).await.expect("a scanner");
    let world = world(&away, "1000000").await;
    drop(away);
    let id = arrive(&world, "notes.txt", b"hello").await;

    world.work().await;

    assert_eq!(row(&world, id).await.content.status, FileStatus::Processing);
    let _back = Clamd::start(address, 25 << 20).await.expect("a scanner");
    world.work_after(TimeDelta::hours(2)).await;
    assert_eq!(row(&world, id).await.content.scan_result, Some(ScanResult::Clean));
}
