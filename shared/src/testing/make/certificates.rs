//! Certificates.

use super::morning;
use crate::certificates::{Certificate, Issued};
use crate::enrollments::Enrollment;
use crate::testing::TestDb;

/// The certificate of a completed enrollment, its page not drawn yet.
pub async fn pending_certificate(db: &TestDb, enrollment: &Enrollment) -> Certificate {
    let mut conn = db.tenant(enrollment.tenant_id).await;
    let issued = Certificate::issue(&mut conn, enrollment.tenant_id, enrollment.id, morning()).await.expect("issued");
    match issued {
        Issued::New(certificate) | Issued::Already(certificate) => certificate,
        Issued::NotEarned => panic!("the enrollment is not completed"),
        Issued::SwitchedOff => panic!("the tenant gives no certificates"),
    }
}

/// The certificate of a completed enrollment, with a page as far as the database knows.
pub async fn certificate(db: &TestDb, enrollment: &Enrollment) -> Certificate {
    let pending = pending_certificate(db, enrollment).await;
    let key = format!("tenants/{}/certificates/{}.pdf", pending.tenant_id, pending.id);
    let mut conn = db.tenant(enrollment.tenant_id).await;
    pending.stored(&mut conn, &key, 7, morning()).await.expect("an answer").expect("stored")
}
