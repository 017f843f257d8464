//! Tenants.

use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{morning, serial};
use crate::db::schema::tenants;
use crate::ids::TenantId;
use crate::tenants::Tenant;
use crate::testing::TestDb;

/// An active tenant.
pub async fn tenant(db: &TestDb) -> Tenant {
    let number = serial();
    let tenant = Tenant {
        id: TenantId::new(),
        name: format!("Tenant {number}"),
        slug: format!("tenant-{number}"),
        is_active: true,
        theme_config: json!({}),
        feature_flags: json!({}),
        version: 1,
        created_at: morning(),
        updated_at: morning(),
    };
    diesel::insert_into(tenants::table).values(&tenant).execute(&mut db.platform().await).await.expect("a tenant");
    tenant
}
