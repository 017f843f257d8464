//! Makers: rows that a test needs and does not talk about. One file a domain.

mod certificates;
mod courses;
mod enrollments;
mod federation;
mod files;
mod notifications;
mod tenants;
mod users;

pub use certificates::{certificate, pending_certificate};
pub use courses::{
    CourseMaker, ItemMaker, MadeCourse, comes_before, course, item, module, module_comes_before, prerequisite,
};
pub use enrollments::{EnrollmentMaker, completed_item, enrollment, enrollment_import, group_enrollment};
pub use federation::{lti_platform, lti_platform_under, sso_configuration, sso_configuration_under, vault};
pub use files::{file, folder, unseen_file, upload};
pub use notifications::{notification, push_device};
pub use tenants::tenant;
pub use users::{UserMaker, session, suspend, user};

use chrono::{DateTime, TimeZone, Utc};

/// When tests take place, unless they say otherwise.
pub fn morning() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 5, 9, 0, 0).single().expect("a time")
}

/// A number that no other row of this process has, for names that must differ.
fn serial() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
