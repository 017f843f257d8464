//! A table as autovacuum leaves it in time, for tests that count pages or read plans.

use diesel::sql_types::Bool;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use crate::db::Conn;

/// Vacuums a leased database's table when nobody's snapshot is older than its rows.
///
/// With such a snapshot (autovacuum takes one when it analyzes any table of the database) the pages
/// could not be marked as visible to all, and whoever reads an index would visit each row as well.
///
/// # Panics
/// The connection is not the owner's, or is in a transaction.
pub async fn vacuum(conn: &mut Conn, table: &str) {
    // It would come between the rows of now and those of the next step.
    conn.batch_execute(&format!("alter table {table} set (autovacuum_enabled = off)")).await.expect("off");
    while someone_looks_back(conn).await {
        tokio::task::yield_now().await;
    }
    conn.batch_execute(&format!("vacuum (freeze, analyze) {table}")).await.expect("vacuumed");
}

/// Whether another transaction of this database is under way: one that begins later sees all rows.
async fn someone_looks_back(conn: &mut Conn) -> bool {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    diesel::sql_query(
        "select exists (
             select from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()
               and (backend_xmin is not null or backend_xid is not null)
         ) as found",
    )
    .get_result::<Row>(conn)
    .await
    .expect("an answer")
    .found
}
