//! How long callers wait for a connection is measured, whenever anybody looks.

use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use shared::db::{Pool, PoolError, PoolSettings, Scope};
use shared::testing::TestDb;

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_for_a_connection_is_measured_also_one_that_was_in_vain() {
    let db = TestDb::lease().await;
    let settings = PoolSettings { size: 1, wait: Duration::from_millis(300), ..PoolSettings::new(db.url.as_str()) };
    let pool = Pool::new(&settings).expect("a pool");
    let bounds =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full("db_pool_wait_seconds".to_owned()), &[0.1]);
    // Here alone, whatever else this process measures.
    let recorder = bounds.expect("bounds").build_recorder();
    let measured = recorder.handle();
    let _here = metrics::set_default_local_recorder(&recorder);

    drop(pool.get(Scope::Relay).await.expect("opened"));
    let before = measured.render();
    let held = pool.get(Scope::Relay).await.expect("the only one");
    let refused = pool.get(Scope::Relay).await;
    assert!(matches!(refused, Err(PoolError::Busy)), "{refused:?}");
    drop(held);

    assert!(before.contains("db_pool_wait_seconds_count 1"), "{before}");
    let after = measured.render();
    assert_eq!(pool.load().1, 0, "nobody waits at the moment of the scrape");
    assert!(after.contains("db_pool_wait_seconds_count 3"), "{after}");
    let long =
        |text: &str| text.lines().find_map(|line| line.strip_prefix("db_pool_wait_seconds_sum ")?.parse::<f64>().ok());
    assert!(long(&after).zip(long(&before)).is_some_and(|(after, before)| after - before >= 0.3), "{before}{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_not_taken_for_a_full_pool() {
    let pool = Pool::new(&PoolSettings::new("postgres://nobody@127.0.0.1:1/nothing")).expect("a pool");
    let recorder = PrometheusBuilder::new().build_recorder();
    let measured = recorder.handle();
    let _here = metrics::set_default_local_recorder(&recorder);
    let refused = pool.get(Scope::Relay).await;
    assert!(matches!(refused, Err(PoolError::Unreachable(_))), "{refused:?}");
    assert_eq!(measured.render(), "");
}
