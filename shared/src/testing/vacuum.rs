//! A table as autovacuum leaves it in time, for tests that count pages or read plans.

use diesel::sql_types::{Bool, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use crate::db::Conn;

/// How often it is tried: snapshots that are in the way are gone after moments.
const TRIES: usize = 50;

/// Vacuums a leased database's table so that its pages are marked as visible to all: otherwise
/// whoever reads an index visits each row as well.
///
/// A page is not marked while somebody has a snapshot older than its rows (whoever connects takes
/// one, and autovacuum when it analyzes another table); nor before the commits of its rows are in
/// the log, which servers for tests put off (`synchronous_commit = off`). Indexes are cleaned however
/// few rows are dead: those that an earlier test deleted would be looked at.
///
/// # Panics
/// The connection is not the owner's, or is in a transaction.
pub async fn vacuum(conn: &mut Conn, table: &str) {
    // This commit takes the earlier ones with it. Autovacuum would come between the rows of now and
    // those of the next step.
    conn.batch_execute(&format!(
        "set synchronous_commit = on;
         alter table {table} set (autovacuum_enabled = off)"
    ))
    .await
    .expect("off");
    for _ in 0..TRIES {
        conn.batch_execute(&format!("vacuum (freeze, analyze, index_cleanup on) {table}")).await.expect("vacuumed");
        if is_marked(conn, table).await {
            break;
        }
    }
}

/// Whether all pages are marked, but for a few that the server has added and not used yet.
async fn is_marked(conn: &mut Conn, table: &str) -> bool {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        marked: bool,
    }
    diesel::sql_query("select relallvisible >= relpages * 0.95 as marked from pg_class where oid = $1::regclass")
        .bind::<Text, _>(table)
        .get_result::<Row>(conn)
        .await
        .expect("an answer")
        .marked
}
