//! Certificates: issued, drawn, stored, told of.

mod expiry;
mod transcript;

use std::time::Duration;

use chrono::TimeDelta;
use shared::certificates::{Certificate, CertificateStatus};
use shared::enrollments::EnrollmentStatus;
use shared::enrollments::jobs::CourseCompleted;
use shared::testing::make;

use crate::world::World;

/// Alice has completed the course.
async fn completed(world: &World) -> CourseCompleted {
    let enrollment = world.enrollment(EnrollmentStatus::Completed).await;
    let job = CourseCompleted { tenant_id: world.tenant, enrollment_id: enrollment.id };
    world.enqueue(&job).await;
    job
}

async fn certificate(world: &World) -> Certificate {
    let ids = world.texts("select id::text as text from certificates").await;
    let [id] = ids.as_slice() else { panic!("{} certificates", ids.len()) };
    let id = id.parse().expect("an id");
    Certificate::find(&mut *world.db.tenant(world.tenant).await, world.tenant, id)
        .await
        .expect("an answer")
        .expect("it")
}

async fn link(world: &World, lifetime: u64) -> String {
    let key = certificate(world).await.file_key.expect("a page");
    let lifetime = Duration::from_secs(lifetime);
    world.services.storage.signed_download(&key, "Certificate – Knots.pdf", lifetime).await.expect("a link")
}

async fn status(url: &str) -> u16 {
    reqwest::get(url).await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_a_course_ends_in_a_certificate_that_can_be_downloaded() {
    let world = World::make().await;
    completed(&world).await;

    let runs = world.work().await;

    assert!(runs.iter().all(|(_, outcome)| *outcome == "succeeded"), "{runs:?}");
    let certificate = certificate(&world).await;
    assert_eq!(certificate.status, CertificateStatus::Issued);
    assert_eq!(certificate.learner_name, "Alice Williams");
    assert_eq!(certificate.instructor_name.as_deref(), Some("Tom Teacher"));
    assert_eq!(certificate.issued_at, make::morning());
    assert!(certificate.is_drawn());
    let key = certificate.file_key.as_deref().expect("a key");
    assert!(key.starts_with(&format!("tenants/{}/certificates/", world.tenant)) && key.ends_with(".pdf"), "{key}");

    let answer = reqwest::get(link(&world, 300).await).await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("content-type"), "application/pdf");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename=\"Certificate _ Knots.pdf\"; filename*=UTF-8''Certificate%20%E2%80%93%20Knots.pdf"
    );
    let bytes = answer.bytes().await.expect("a body");
    assert!(bytes.starts_with(b"%PDF-"), "{:?}", &bytes[..8]);
    assert_eq!(i64::try_from(bytes.len()).ok(), certificate.file_size_bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_whole_and_fresh_signature_opens_the_page() {
    let world = World::make().await;
    completed(&world).await;
    world.work().await;
    let good = link(&world, 300).await;
    assert_eq!(status(&good).await, 200);

    let key = certificate(&world).await.file_key.expect("a key");
    let plain = good.split('?').next().expect("an address").to_owned();
    for (what, url) in [
        ("no signature", plain),
        ("another object", good.replace(&key, &key.replace(".pdf", ".txt"))),
        ("a longer life", good.replace("X-Amz-Expires=300", "X-Amz-Expires=3000")),
        ("another signature", {
            let at = good.find("X-Amz-Signature=").expect("a signature") + "X-Amz-Signature=".len();
            let mut url = good.clone();
            let first = if url[at..].starts_with('0') { "1" } else { "0" };
            url.replace_range(at..=at, first);
            url
        }),
    ] {
        assert_eq!(status(&url).await, 403, "{what}: {url}");
    }

    let short = link(&world, 1).await;
    let mut seen = status(&short).await;
    for _ in 0..50 {
        if seen == 403 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await; // between two questions
        seen = status(&short).await;
    }
    assert_eq!(seen, 403, "the link never expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_when_there_is_something_to_see() {
    let world = World::make().await;
    completed(&world).await;

    world.work().await;

    let told = world.texts("select notification_type::text as text from notifications order by created_at, id").await;
    assert_eq!(told, ["COURSE_COMPLETION", "CERTIFICATE_ISSUED"]);
    let code = certificate(&world).await.verification_code;
    let [mail] = world.mails("certificate").try_into().expect("one mail");
    assert_eq!(mail.to, ["alice@example.org"]);
    assert_eq!(mail.subject, "Your certificate for Knots & <Splices>");
    let verify = format!("https://api.example.org/api/certificates/verify/{code}/");
    let text = mail.text.as_deref().expect("a text part");
    assert!(text.contains(&verify) && text.contains("https://learn.example.org/learner/certificates"), "{text}");
    let html = mail.html.as_deref().expect("an HTML part");
    assert!(html.contains(&verify) && html.contains("Knots &amp; &lt;Splices&gt;") && !html.contains("<Splices>"));
    assert_eq!(world.mails("completed").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_twice_is_done_once() {
    let world = World::make().await;
    let job = completed(&world).await;
    world.work().await;
    let before = certificate(&world).await;

    world.enqueue(&job).await;
    world
        .enqueue(&shared::certificates::jobs::RenderCertificate { tenant_id: world.tenant, certificate_id: before.id })
        .await;
    world
        .enqueue(&shared::certificates::jobs::CertificateReady { tenant_id: world.tenant, certificate_id: before.id })
        .await;
    let runs = world.work().await;

    assert_eq!(runs.len(), 3, "{runs:?}");
    assert_eq!(certificate(&world).await, before);
    assert_eq!(world.texts("select id::text as text from notifications").await.len(), 2);
    assert_eq!(world.mail.messages().len(), 2);
    assert_eq!(world.texts("select id::text as text from events").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_completed_the_course_gets_nothing() {
    let world = World::make().await;
    let enrollment = world.enrollment(EnrollmentStatus::Active).await;
    world.enqueue(&CourseCompleted { tenant_id: world.tenant, enrollment_id: enrollment.id }).await;

    world.work().await;

    assert_eq!(world.texts("select id::text as text from certificates").await.len(), 0);
    assert_eq!(world.texts("select id::text as text from notifications").await.len(), 0);
    assert!(world.mail.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_certificates_are_off_who_completes_a_course_is_congratulated_and_gets_none() {
    let world = World::make().await;
    let flags = "update tenants set feature_flags = '{\"certificates_enabled\": false}' returning '' as text";
    world.texts(flags).await;
    completed(&world).await;

    let runs = world.work().await;

    assert!(runs.iter().all(|(_, outcome)| *outcome == "succeeded"), "{runs:?}");
    assert_eq!(world.texts("select id::text as text from certificates").await, Vec::<String>::new());
    let told = world.texts("select notification_type::text as text from notifications").await;
    assert_eq!(told, ["COURSE_COMPLETION"]);
    assert!(world.texts("select event_type as text from events").await.is_empty(), "nothing was issued");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_only_delays_it() {
    let mut world = World::make().await;
    completed(&world).await;
    let storage = world.services.storage.clone();
    world.services.storage = crate::support::services_with(&world.db, world.services.clock.clone(), &[]).storage;

    let runs = world.work().await;
    assert_eq!(World::outcomes(&runs, "certificates.render"), ["retried"]);
    assert_eq!(certificate(&world).await.status, CertificateStatus::Pending);
    assert_eq!(world.mails("certificate").len(), 0, "told of what is not there");

    world.services.storage = storage;
    world.work_after(TimeDelta::hours(1)).await;
    assert_eq!(certificate(&world).await.status, CertificateStatus::Issued);
    assert_eq!(world.mails("certificate").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reissued_certificate_has_a_new_page_and_the_old_one_goes() {
    let world = World::make().await;
    completed(&world).await;
    world.work().await;
    let before = certificate(&world).await;
    let old_link = link(&world, 300).await;
    let mut conn = world.db.tenant(world.tenant).await;

    before.reissue(&mut conn, world.alice.id, make::morning()).await.expect("reissued");
    drop(conn);
    world.work().await;

    let after = certificate(&world).await;
    assert_ne!(after.file_key, before.file_key);
    assert_eq!(after.verification_code, before.verification_code);
    assert_eq!(status(&link(&world, 300).await).await, 200);
    assert_eq!(world.mails("certificate").len(), 1, "told once");
    assert_eq!(status(&old_link).await, 404, "the old page is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_revoked_is_neither_drawn_nor_told_of() {
    let world = World::make().await;
    let enrollment = world.enrollment(EnrollmentStatus::Completed).await;
    let pending = make::pending_certificate(&world.db, &enrollment).await;
    pending.revoke(&mut *world.db.tenant(world.tenant).await, "a mistake", make::morning()).await.expect("revoked");

    world.work().await;

    assert_eq!(certificate(&world).await.file_key, None);
    assert!(world.mail.messages().is_empty());
}
