//! Transcripts: drawn, stored, and gone a day later.

use chrono::TimeDelta;
use shared::certificates::jobs::RenderTranscript;
use shared::certificates::transcript_key;
use shared::enrollments::EnrollmentStatus;
use shared::ids::JobId;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_is_stored_for_a_day_and_told_of_in_its_jobs_result() {
    let world = World::make().await;
    // What is asked for later is later than the database's clock, too.
    world.services.clock.advance(chrono::Utc::now() - world.services.clock.now());
    world.enrollment(EnrollmentStatus::Completed).await;
    world.enqueue(&RenderTranscript { tenant_id: world.tenant, user_id: world.alice.id }).await;

    let runs = world.work().await;

    assert_eq!(World::outcomes(&runs, "certificates.render_transcript"), ["succeeded"]);
    let rows = world.texts("select id::text || ' ' || result::text || ' ' || progress as text from jobs where kind = 'certificates.render_transcript'").await;
    let (id, rest) = rows[0].split_once(' ').expect("an id");
    assert!(rest.contains("\"courses\": 1") && rest.contains("\"pages\": 1"), "{rest}");
    let key = transcript_key(world.tenant, id.parse::<JobId>().expect("an id"));
    let pdf = world.services.storage.get(&key).await.expect("a document");
    assert!(pdf.starts_with(b"%PDF-"));

    world.work_after(TimeDelta::days(2)).await;
    world.services.storage.get(&key).await.expect_err("it is gone");
}
