//! Secrets of tenants, after `SECRET_KEY` was changed.

use secrecy::{ExposeSecret, SecretString};
use shared::db::Acting;
use shared::ids::TenantId;
use shared::secret::{Place, Resealed, SEALED_COLUMNS, SealedColumn, Vault, reseal};
use shared::tenants::{EmailSettings, EmailSettingsChanges, StorageSettings, StorageSettingsChanges};
use shared::testing::{TestDb, make};

/// More than are held at once.
const MANY: u64 = 250;

fn vault(current: &str, former: &[&str]) -> Vault {
    let former: Vec<_> = former.iter().map(|key| SecretString::from(*key)).collect();
    Vault::new(&SecretString::from(current), &former).expect("a vault")
}

/// A tenant with a secret in each column, and very many in one of them.
async fn entrust(db: &TestDb, vault: &Vault, many: u64) -> TenantId {
    let tenant = make::tenant(db).await.id;
    let mut conn = db.tenant(tenant).await;
    let seal = |place| Some(Some(vault.seal(place, &SecretString::from("own-secret")).expect("sealed")));
    let place = EmailSettings::password_place(tenant);
    let email = EmailSettingsChanges { smtp_password_sealed: seal(place), ..EmailSettingsChanges::default() };
    EmailSettings::change(&mut conn, tenant, email, None, make::morning()).await.expect("changed");
    let place = StorageSettings::secret_place(tenant);
    let storage =
        StorageSettingsChanges { s3_secret_access_key_sealed: seal(place), ..StorageSettingsChanges::default() };
    StorageSettings::change(&mut conn, tenant, storage, None, make::morning()).await.expect("changed");
    drop(conn);
    make::lti_platform_under(db, tenant, vault).await;
    let first = make::sso_configuration_under(db, tenant, vault).await;
    db.texts(&format!(
        "insert into sso_configurations (id, tenant_id, name, provider_type, oauth_client_secret_sealed, created_at, updated_at)
         select gen_random_uuid(), tenant_id, name || n, provider_type, oauth_client_secret_sealed, created_at, updated_at
         from sso_configurations cross join generate_series(2, {many}) as n where id = '{}' returning id::text as text",
        first.id
    ))
    .await;
    tenant
}

fn counts(told: &[(SealedColumn, Resealed)]) -> Vec<[u64; 3]> {
    told.iter().map(|(_, Resealed { anew, current, lost })| [*anew, *current, *lost]).collect()
}

/// Every sealed secret, as it is stored.
async fn stored(db: &TestDb) -> Vec<String> {
    let mut all = Vec::new();
    for column in SEALED_COLUMNS {
        let (table, name) = column.place.split_once('.').expect("a table and a column");
        all.extend(db.texts(&format!("select {name}_sealed::text as text from {table} order by 1")).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_sealed_secrets_is_known() {
    let db = TestDb::lease().await;
    let columns = "select table_name || '.' || column_name as text from information_schema.columns
        where table_schema = 'public' and column_name like '%\\_sealed' order by 1";
    assert_eq!(db.texts(columns).await, SEALED_COLUMNS.map(|column| format!("{}_sealed", column.place)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_former_key_sealed_is_sealed_anew_once() {
    let db = TestDb::lease().await;
    let (old, rotated) = (vault("old", &[]), vault("new", &["older", "old"]));
    let tenant = entrust(&db, &old, MANY).await;
    entrust(&db, &old, 1).await;
    entrust(&db, &rotated, 1).await;
    let before = stored(&db).await;

    let told = reseal(&db.pool, &rotated, &Acting::operator("test")).await.expect("resealed");

    assert_eq!(counts(&told), [[2, 1, 0], [MANY + 1, 1, 0], [2, 1, 0], [2, 1, 0]]);
    let after = stored(&db).await;
    assert_eq!(after.iter().filter(|sealed| before.contains(sealed)).count(), 4, "those of the new key stay");
    let new = vault("new", &[]);
    let mut conn = db.tenant(tenant).await;
    let email = EmailSettings::of(&mut conn, tenant, make::morning()).await.expect("settings");
    assert_eq!(email.password(&new).expect("opens").expect("a password").expose_secret(), "own-secret");
    drop(conn);
    let again = reseal(&db.pool, &new, &Acting::operator("test")).await.expect("resealed");
    assert_eq!(counts(&again), [[0, 3, 0], [0, MANY + 2, 0], [0, 3, 0], [0, 3, 0]]);
    assert_eq!(stored(&db).await, after, "the second time there is nothing to do");
    let said = "select count(*)::text as text from audit_log where operator = 'test'";
    assert_eq!(
        db.texts(said).await,
        [(MANY + 7).to_string()],
        "each that was sealed anew leaves a line, and only those"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_wrong_former_key_nothing_changes() {
    let db = TestDb::lease().await;
    let tenant = entrust(&db, &vault("old", &[]), 1).await;
    let before = stored(&db).await;

    let told = reseal(&db.pool, &vault("new", &["wrong"]), &Acting::nobody()).await.expect("an answer");

    assert_eq!(counts(&told), [[0, 0, 1]; 4]);
    assert_eq!(stored(&db).await, before);
    // Nor does a secret pass that was moved to where it does not belong.
    let place = Place { tenant, column: "sso_configurations.oauth_client_secret" };
    let moved = vault("old", &[]).seal(place, &SecretString::from("own-secret")).expect("sealed");
    let mut conn = db.tenant(tenant).await;
    let email = EmailSettingsChanges { smtp_password_sealed: Some(Some(moved)), ..EmailSettingsChanges::default() };
    EmailSettings::change(&mut conn, tenant, email, None, make::morning()).await.expect("changed");
    drop(conn);
    let told = reseal(&db.pool, &vault("new", &["old"]), &Acting::nobody()).await.expect("an answer");
    assert_eq!(counts(&told), [[1, 0, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0]]);
}
