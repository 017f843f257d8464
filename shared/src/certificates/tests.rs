//! What holds for certificates whoever asks.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Certificate, CertificateError, CertificateStatus, Issued, PublicCertificate, Standing};
use crate::enrollments::{Enrollment, EnrollmentStatus};
use crate::ids::TenantId;
use crate::testing::make::morning;
use crate::testing::{TestDb, make};

async fn completed(db: &TestDb, tenant: TenantId) -> Enrollment {
    let learner = make::user(tenant).name("Alice", "Williams").make(db).await;
    let course = make::course(tenant).title("Knots").published().make(db).await;
    make::enrollment(&learner, &course).status(EnrollmentStatus::Completed).make(db).await
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_issue_at_once_there_is_one_certificate() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let enrollment = completed(&db, tenant).await;

    let attempts = (0..8).map(|_| async {
        Certificate::issue(&mut *db.tenant(tenant).await, tenant, enrollment.id, morning()).await.expect("an answer")
    });
    let outcomes = futures::future::join_all(attempts).await;

    let new = outcomes.iter().filter(|outcome| matches!(outcome, Issued::New(_))).count();
    assert_eq!(new, 1, "{outcomes:?}");
    for count in ["certificates", "events", "jobs where kind = 'certificates.render'"] {
        assert_eq!(db.texts(&format!("select count(*)::text as text from {count}")).await, ["1"], "{count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_completed_is_certified() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let learner = make::user(tenant).make(&db).await;
    for status in EnrollmentStatus::ALL.iter().filter(|status| **status != EnrollmentStatus::Completed) {
        let course = make::course(tenant).published().make(&db).await;
        let enrollment = make::enrollment(&learner, &course).status(*status).make(&db).await;
        let outcome = Certificate::issue(&mut *db.tenant(tenant).await, tenant, enrollment.id, morning()).await;
        assert_eq!(outcome.expect("an answer"), Issued::NotEarned, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_without_a_name_is_not_named_by_their_address() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let learner = make::user(tenant).name("", " ").email("secret@example.org").make(&db).await;
    let course = make::course(tenant).published().make(&db).await;
    let enrollment = make::enrollment(&learner, &course).status(EnrollmentStatus::Completed).make(&db).await;

    let certificate = make::certificate(&db, &enrollment).await;

    assert_eq!(certificate.learner_name, "Learner");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_drawn_for_an_older_state_does_not_count() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let seen = make::pending_certificate(&db, &completed(&db, tenant).await).await;
    let mut conn = db.tenant(tenant).await;

    let (reissued, _) = seen.reissue(&mut conn, seen.user_id, morning()).await.expect("reissued");
    assert_eq!(seen.stored(&mut conn, "old", 1, morning()).await.expect("an answer"), None);

    let stored = reissued.stored(&mut conn, "new", 1, morning()).await.expect("an answer").expect("stored");
    assert!(stored.is_drawn() && stored.file_key.as_deref() == Some("new"));

    let revoked = stored.revoke(&mut conn, "a mistake", morning()).await.expect("revoked");
    assert_eq!(stored.stored(&mut conn, "late", 1, morning()).await.expect("an answer"), None);
    assert!(matches!(revoked.revoke(&mut conn, "again", morning()).await, Err(CertificateError::Revoked)));
    assert!(matches!(revoked.reissue(&mut conn, seen.user_id, morning()).await, Err(CertificateError::Revoked)));
}

#[test]
fn a_certificate_counts_only_while_it_does() {
    let standing = |status, expires_in: Option<i64>| {
        let certificate = PublicCertificate {
            status,
            learner_name: String::new(),
            course_title: String::new(),
            instructor_name: None,
            description: String::new(),
            verification_code: Uuid::nil(),
            issued_at: morning(),
            expires_at: expires_in.map(|days| morning() + TimeDelta::days(days)),
            revoked_at: None,
            tenant_name: String::new(),
            theme_config: serde_json::Value::Null,
        };
        certificate.standing(morning())
    };
    for (status, expires_in, counts) in [
        (CertificateStatus::Issued, None, Standing::Valid),
        (CertificateStatus::Issued, Some(1), Standing::Valid),
        (CertificateStatus::Issued, Some(0), Standing::Expired),
        (CertificateStatus::Pending, None, Standing::Pending),
        (CertificateStatus::Pending, Some(-1), Standing::Expired),
        (CertificateStatus::Revoked, None, Standing::Revoked),
        (CertificateStatus::Revoked, Some(-1), Standing::Revoked),
    ] {
        assert_eq!(standing(status, expires_in), counts, "{status} {expires_in:?}");
    }
}
