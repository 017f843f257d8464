//! Notifications.

use uuid::Uuid;

use super::{morning, serial};
use crate::notifications::{DeviceType, NewNotification, Notice, Notification, Notified, PushDevice, Reach, notify};
use crate::testing::TestDb;
use crate::users::User;

/// Something that a person was told.
pub async fn notification(db: &TestDb, user: &User) -> Notification {
    let number = serial();
    let new = NewNotification {
        tenant: user.tenant_id.expect("a member of a tenant"),
        recipient: user.id,
        notice: Notice::CertificateIssued { course_title: format!("Course {number}"), code: Uuid::new_v4() },
        dedupe_key: number.to_string(),
    };
    match notify(&mut *db.tenant(new.tenant).await, &new, morning()).await.expect("an answer") {
        Notified::New(notification) => notification,
        other => panic!("{other:?}"),
    }
}

/// A telephone of a person, which no gateway reaches.
pub async fn push_device(db: &TestDb, user: &User) -> PushDevice {
    let tenant = user.tenant_id.expect("a member of a tenant");
    let reach = Reach::read(DeviceType::Android, &format!("token-{}", serial()), None).expect("well-formed");
    let mut conn = db.tenant(tenant).await;
    PushDevice::register(&mut conn, tenant, user.id, reach, Some("Telephone".to_owned()), morning())
        .await
        .expect("registered")
}
