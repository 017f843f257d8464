//! What the database refuses whatever the application asks.

use chrono::{TimeZone, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use shared::db::schema::tenants;
use shared::ids::TenantId;
use shared::tenants::Tenant;
use shared::testing::{TestDb, count_queries};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_in_one_tenant_does_not_see_another() {
    let db = TestDb::lease().await;
    let now = Utc.with_ymd_and_hms(2026, 1, 5, 9, 0, 0).single().expect("a time");
    let (ours, theirs) = (TenantId::new(), TenantId::new());
    for (id, slug) in [(ours, "ours"), (theirs, "theirs")] {
        let row = Tenant {
            id,
            name: slug.to_owned(),
            slug: slug.to_owned(),
            is_active: true,
            theme_config: serde_json::json!({}),
            feature_flags: serde_json::json!({}),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        diesel::insert_into(tenants::table).values(row).execute(&mut db.platform().await).await.expect("inserted");
    }

    let mut conn = db.tenant(ours).await;
    let (seen, queries) =
        count_queries(async { tenants::table.select(tenants::id).load::<TenantId>(&mut conn).await }).await;

    assert_eq!(seen.expect("rows"), [ours]);
    assert_eq!(queries, 1);
}
