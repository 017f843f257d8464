//! After a change of `SECRET_KEY`: what former keys sealed is sealed under the current one, so that the
//! former keys can be thrown away.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Place, Sealed, Vault};
use crate::db::schema::tenants;
use crate::db::{Acting, Conn, Pool, Scope};
use crate::ids::TenantId;

/// How many rows are held at once.
const AT_ONCE: i64 = 100;

/// A column of sealed secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// As [`Place`] names it: the table and the column without its `_sealed`.
    pub place: &'static str,
    /// What tells the rows of a tenant apart.
    key: &'static str,
}

/// All of them; a test holds the list to the database.
pub const SEALED_COLUMNS: [SealedColumn; 4] = [
    SealedColumn { place: "lti_platforms.tool_private_key", key: "id" },
    SealedColumn { place: "sso_configurations.oauth_client_secret", key: "id" },
    SealedColumn { place: "tenant_email_settings.smtp_password", key: "tenant_id" },
    SealedColumn { place: "tenant_storage_settings.s3_secret_access_key", key: "tenant_id" },
];

/// What became of a column's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resealed {
    /// Sealed anew.
    pub anew: u64,
    /// Under the current key already.
    pub current: u64,
    /// Under none of the keys that the vault has. They stay as they are.
    pub lost: u64,
}

/// Seals everything under the vault's current key that is not yet, and says for each column what came
/// of it. Each hundred rows are a transaction: it may be broken off and begun again, also while others
/// save secrets.
///
/// # Errors
/// The database's.
pub async fn reseal(pool: &Pool, vault: &Vault, by: &Acting) -> anyhow::Result<Vec<(SealedColumn, Resealed)>> {
    let mut platform = pool.get(Scope::Platform).await?;
    let everybody: Vec<TenantId> = tenants::table.order(tenants::id).select(tenants::id).load(&mut platform).await?;
    drop(platform);
    let mut told = SEALED_COLUMNS.map(|column| (column, Resealed::default()));
    for tenant in everybody {
        let mut conn = pool.get_for(Scope::Tenant(tenant), by).await?;
        for (column, resealed) in &mut told {
            let mut after = None;
            loop {
                let turn = conn.transaction(async |conn| column.turn(conn, vault, tenant, after).await);
                let (now, next) = turn.await?;
                resealed.anew += now.anew;
                resealed.current += now.current;
                resealed.lost += now.lost;
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    Ok(told.to_vec())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    key: Uuid,
    #[diesel(sql_type = Binary)]
    sealed: Sealed,
}

impl SealedColumn {
    /// Seals a hundred of a tenant's rows anew; says what came of it, and behind which the next ones are.
    async fn turn(
        self,
        conn: &mut Conn,
        vault: &Vault,
        tenant: TenantId,
        after: Option<Uuid>,
    ) -> anyhow::Result<(Resealed, Option<Uuid>)> {
        let mut resealed = Resealed::default();
        let rows = self.hold(conn, tenant, after).await?;
        let place = Place { tenant, column: self.place };
        for row in &rows {
            if vault.is_current(&row.sealed) {
                resealed.current += 1;
                continue;
            }
            let Ok(secret) = vault.open(place, &row.sealed) else {
                resealed.lost += 1;
                continue;
            };
            self.put(conn, tenant, row.key, &vault.seal(place, &secret)?).await?;
            resealed.anew += 1;
        }
        let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows == AT_ONCE);
        Ok((resealed, rows.last().filter(|_| is_full).map(|row| row.key)))
    }

    async fn hold(self, conn: &mut Conn, tenant: TenantId, after: Option<Uuid>) -> Result<Vec<Row>, crate::db::Error> {
        let (table, column) = self.names();
        let key = self.key;
        diesel::sql_query(format!(
            "select {key} as key, {column} as sealed from {table}
             where tenant_id = $1 and {column} is not null and ($2 is null or {key} > $2)
             order by {key} limit $3 for update"
        ))
        .bind::<SqlUuid, _>(tenant)
        .bind::<Nullable<SqlUuid>, _>(after)
        .bind::<BigInt, _>(AT_ONCE)
        .load(conn)
        .await
    }

    /// No version is raised: nobody who looks at the row sees a difference.
    async fn put(self, conn: &mut Conn, tenant: TenantId, key: Uuid, sealed: &Sealed) -> Result<(), crate::db::Error> {
        let (table, column) = self.names();
        diesel::sql_query(format!("update {table} set {column} = $3 where tenant_id = $1 and {} = $2", self.key))
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(key)
            .bind::<Binary, _>(sealed)
            .execute(conn)
            .await?;
        Ok(())
    }

    /// The table and the column as the database knows them.
    fn names(self) -> (&'static str, String) {
        let (table, column) = self.place.split_once('.').unwrap_or((self.place, ""));
        (table, format!("{column}_sealed"))
    }
}
