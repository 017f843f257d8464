//! Taking a file back, batch by batch.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::{EnrollmentImport, ImportOutcome, ImportState};
use crate::db::schema::{enrollment_import_rows, enrollment_imports, enrollments};
use crate::db::{Conn, Error};
use crate::ids::{EnrollmentId, EnrollmentImportId, TenantId};

/// Rows that are taken back together.
const BATCH: i64 = 500;

impl EnrollmentImport {
    /// Takes the next rows back, in one transaction, and says up to which it has come; none when
    /// there is nothing left to do.
    ///
    /// An enrollment that the file made goes, if its learner has not begun; else it is cancelled. One
    /// that it changed becomes what it was. What was completed, or changed by somebody since, is kept.
    pub async fn undo_batch(
        conn: &mut Conn,
        tenant: TenantId,
        id: EnrollmentImportId,
        now: DateTime<Utc>,
    ) -> Result<Option<(Self, i32)>, Error> {
        conn.transaction(async |conn| {
            let Some(import) = Self::hold(conn, tenant, id, ImportState::Undoing).await? else { return Ok(None) };
            let rows: Vec<(i32, Option<EnrollmentId>)> = enrollment_import_rows::table
                .filter(enrollment_import_rows::tenant_id.eq(tenant))
                .filter(enrollment_import_rows::import_id.eq(id))
                .filter(enrollment_import_rows::outcome.eq_any([ImportOutcome::Enrolled, ImportOutcome::Reactivated]))
                .filter(enrollment_import_rows::undo.is_null())
                .order(enrollment_import_rows::row_number)
                .limit(BATCH)
                .select((enrollment_import_rows::row_number, enrollment_import_rows::enrollment_id))
                .load(conn)
                .await?;
            let (numbers, enrolled): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let enrolled: Vec<_> = enrolled.into_iter().flatten().collect();
            import.take_back(conn, &numbers, &enrolled, now).await?;
            let last = numbers.as_slice().last().copied();
            let import = diesel::update(&import)
                .set((
                    last.is_none().then(|| enrollment_imports::state.eq(ImportState::Undone)),
                    enrollment_imports::finished_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            let last = last.unwrap_or(import.rows_total);
            Ok(Some((import, last)))
        })
        .await
    }

    async fn take_back(
        &self,
        conn: &mut Conn,
        rows: &[i32],
        enrolled: &[EnrollmentId],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        // Held before they are judged: nobody begins or completes one in between.
        enrollments::table
            .filter(enrollments::tenant_id.eq(self.tenant_id))
            .filter(enrollments::id.eq_any(enrolled))
            .order(enrollments::id)
            .select(enrollments::id)
            .for_update()
            .load::<EnrollmentId>(conn)
            .await?;
        // What the planner knows of these tables may be older than the file. It would take thousands of
        // rows for one, and try each of the batch with all of them.
        diesel::sql_query("set local enable_nestloop = off").execute(conn).await?;
        // One statement: its parts see the enrollments as they were before it, so that each row
        // falls into one of them.
        diesel::sql_query(include_str!("take_back.sql"))
            .bind::<SqlUuid, _>(self.tenant_id)
            .bind::<SqlUuid, _>(self.id)
            .bind::<Array<Integer>, _>(rows)
            .bind::<Timestamptz, _>(now)
            .bind::<Array<SqlUuid>, _>(enrolled)
            .execute(conn)
            .await?;
        // The history says that it was taken back; from here on counts why it was so before, as the
        // group that somebody left may let them in again.
        diesel::sql_query(
            "update enrollments e
             set cause = (r.before ->> 'cause')::enrollment_cause
             from enrollment_import_rows r
             where r.tenant_id = $1 and r.import_id = $2 and r.row_number = any ($3)
               and r.outcome = 'REACTIVATED' and r.undo = 'RESTORED'
               and e.tenant_id = $1 and e.id = any ($4) and e.id = r.enrollment_id",
        )
        .bind::<SqlUuid, _>(self.tenant_id)
        .bind::<SqlUuid, _>(self.id)
        .bind::<Array<Integer>, _>(rows)
        .bind::<Array<SqlUuid>, _>(enrolled)
        .execute(conn)
        .await?;
        Ok(())
    }
}
