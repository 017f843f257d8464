//! Tenants, counted for the platform.

use shared::dashboards::jobs::CountTenants;
use shared::dashboards::{PlatformTenant, TenantCounts};
use shared::enrollments::EnrollmentStatus;
use shared::jobs::enqueue;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn every_tenant_is_counted_for_the_platform_which_sees_the_counts_only() {
    let world = World::make().await;
    let empty = shared::testing::make::tenant(&world.db).await;
    world.enrollment(EnrollmentStatus::Active).await;
    for _ in 0..2 {
        enqueue(&mut *world.db.platform().await, &CountTenants {}).await.expect("enqueued");
        world.work().await;
    }

    let tenants = PlatformTenant::all(&mut *world.db.platform().await).await.expect("the tenants");
    let counts = |id| tenants.iter().find(|tenant| tenant.id == id).and_then(|tenant| tenant.counts);
    let counted = counts(world.tenant).expect("counted");
    assert_eq!((counted.users, counted.courses, counted.enrollments, counted.new_enrollments_7d), (2, 1, 1, 1));
    assert_eq!(counts(empty.id), Some(TenantCounts::default()));
    assert_eq!(tenants.len(), 2);
}
