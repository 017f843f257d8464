//! Taking a file back, batch by batch.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::{EnrollmentImport, ImportOutcome, ImportState};
use crate::db::schema::{enrollment_import_rows, enrollment_imports};
use crate::db::{Conn, Error};
use crate::ids::{EnrollmentImportId, TenantId};

/// Rows that are taken back together.
const BATCH: i64 = 500;

impl EnrollmentImport {
    /// Takes the next rows back, in one transaction; none when there is nothing left to do.
    ///
    /// An enrollment that the file made goes, if its learner has not begun; else it is cancelled. One
    /// that it changed becomes what it was. What was completed, or changed by somebody since, is kept.
    pub async fn undo_batch(
        conn: &mut Conn,
        tenant: TenantId,
        id: EnrollmentImportId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        conn.transaction(async |conn| {
            let Some(import) = Self::hold(conn, tenant, id, ImportState::Undoing).await? else { return Ok(None) };
            let rows: Vec<i32> = enrollment_import_rows::table
                .filter(enrollment_import_rows::tenant_id.eq(tenant))
                .filter(enrollment_import_rows::import_id.eq(id))
                .filter(enrollment_import_rows::outcome.eq_any([ImportOutcome::Enrolled, ImportOutcome::Reactivated]))
                .filter(enrollment_import_rows::undo.is_null())
                .order(enrollment_import_rows::row_number)
                .limit(BATCH)
                .select(enrollment_import_rows::row_number)
                .load(conn)
                .await?;
            import.take_back(conn, &rows, now).await?;
            let is_over = rows.is_empty();
            let import = diesel::update(&import)
                .set((
                    is_over.then(|| enrollment_imports::state.eq(ImportState::Undone)),
                    enrollment_imports::finished_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            Ok(Some(import))
        })
        .await
    }

    /// One statement: its parts see the enrollments as they were before it, so that each row falls
    /// into one of them.
    async fn take_back(&self, conn: &mut Conn, rows: &[i32], now: DateTime<Utc>) -> Result<(), Error> {
        diesel::sql_query(include_str!("take_back.sql"))
            .bind::<SqlUuid, _>(self.tenant_id)
            .bind::<SqlUuid, _>(self.id)
            .bind::<Array<Integer>, _>(rows)
            .bind::<Timestamptz, _>(now)
            .execute(conn)
            .await?;
        Ok(())
    }
}
