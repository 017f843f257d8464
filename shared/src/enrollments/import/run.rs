//! Working a file off, batch by batch.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::file::{emails, is_email};
use super::{EnrollmentImport, ImportOutcome, ImportRow, ImportState};
use crate::db::schema::{enrollment_import_rows, enrollment_imports, enrollments, users};
use crate::db::{Conn, Error};
use crate::enrollments::Enrollment;
use crate::enrollments::group_sync::{Begun, welcome};
use crate::ids::{EnrollmentId, EnrollmentImportId, TenantId, UserId};
use crate::users::UserStatus;

diesel::define_sql_function! {
    /// In lower case.
    fn lower(text: Text) -> Text;
}

/// Rows that are worked off together.
const BATCH: usize = 500;

impl EnrollmentImport {
    /// Works the next rows off, in one transaction; none when there is nothing left to do.
    pub async fn run_batch(
        conn: &mut Conn,
        tenant: TenantId,
        id: EnrollmentImportId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        conn.transaction(async |conn| {
            let Some(import) = Self::hold(conn, tenant, id, ImportState::Waiting).await? else { return Ok(None) };
            let rows = import.next_rows(conn).await?;
            let done = import.rows_done.saturating_add(i32::try_from(rows.len()).unwrap_or(i32::MAX));
            let rows = import.decide(conn, rows).await?;
            if !import.is_dry_run {
                import.enroll(conn, &rows, now).await?;
            }
            diesel::insert_into(enrollment_import_rows::table).values(&rows).execute(conn).await?;
            let is_over = rows.is_empty() || done >= import.rows_total;
            let import = diesel::update(&import)
                .set((
                    enrollment_imports::rows_done.eq(done),
                    is_over.then(|| {
                        (enrollment_imports::state.eq(ImportState::Done), enrollment_imports::finished_at.eq(now))
                    }),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            Ok(Some(import))
        })
        .await
    }

    /// The next rows of the file with their numbers.
    async fn next_rows(&self, conn: &mut Conn) -> Result<Vec<(i32, Option<String>)>, Error> {
        let source: String =
            enrollment_imports::table.find(self.id).select(enrollment_imports::source).first(conn).await?;
        // It was looked at when it came.
        let Ok(emails) = emails(&source) else { return Ok(Vec::new()) };
        let behind = usize::try_from(self.rows_done).unwrap_or_default();
        Ok((1_i32..).zip(emails).skip(behind).take(BATCH).collect())
    }

    /// What is to become of each row. Nothing is written by it, so that a dry run decides alike.
    async fn decide(&self, conn: &mut Conn, rows: Vec<(i32, Option<String>)>) -> Result<Vec<ImportRow>, Error> {
        let wanted: Vec<&str> = rows.iter().filter_map(|(_, email)| email.as_deref()).collect();
        let people: HashMap<String, UserId> = users::table
            .filter(users::tenant_id.eq(self.tenant_id))
            .filter(lower(users::email).eq_any(wanted.clone()))
            .filter(users::status.eq_any([UserStatus::Active, UserStatus::Invited]))
            .select((users::email, users::id))
            .load::<(String, UserId)>(conn)
            .await?
            .into_iter()
            .map(|(email, id)| (email.to_lowercase(), id))
            .collect();
        let mut named: HashSet<String> = enrollment_import_rows::table
            .filter(enrollment_import_rows::tenant_id.eq(self.tenant_id))
            .filter(enrollment_import_rows::import_id.eq(self.id))
            .filter(enrollment_import_rows::email.eq_any(wanted))
            .select(enrollment_import_rows::email)
            .load::<String>(conn)
            .await?
            .into_iter()
            .collect();
        let there: HashMap<UserId, Enrollment> = enrollments::table
            .filter(enrollments::tenant_id.eq(self.tenant_id))
            .filter(enrollments::course_id.eq(self.course_id))
            .filter(enrollments::user_id.eq_any(people.values().collect::<Vec<_>>()))
            .select(Enrollment::as_select())
            .for_no_key_update()
            .load(conn)
            .await?
            .into_iter()
            .map(|enrollment: Enrollment| (enrollment.user_id, enrollment))
            .collect();
        let decide = |(row_number, email): (i32, Option<String>)| {
            let email = email.unwrap_or_default();
            let is_first = named.insert(email.clone());
            let person = people.get(&email);
            let existing = person.and_then(|person| there.get(person));
            let outcome = match (person, existing) {
                _ if !is_email(&email) => ImportOutcome::Invalid,
                _ if !is_first => ImportOutcome::Duplicate,
                (None, _) => ImportOutcome::UnknownPerson,
                (Some(_), None) => ImportOutcome::Enrolled,
                (Some(_), Some(existing)) if existing.status.takes_part() => ImportOutcome::Already,
                (Some(_), Some(_)) => ImportOutcome::Reactivated,
            };
            self.row(row_number, email, outcome, existing)
        };
        Ok(rows.into_iter().map(decide).collect())
    }

    fn row(&self, row_number: i32, email: String, outcome: ImportOutcome, existing: Option<&Enrollment>) -> ImportRow {
        let before = |was: &Enrollment| {
            json!({
                "status": was.status, "expires_at": was.expires_at, "removed": was.removed,
                "group_id": was.group_id, "started_at": was.started_at,
            })
        };
        let (enrollment_id, before) = match outcome {
            ImportOutcome::Enrolled => ((!self.is_dry_run).then(EnrollmentId::new), None),
            ImportOutcome::Reactivated => (existing.map(|was| was.id), existing.map(before)),
            ImportOutcome::Already => (existing.map(|was| was.id), None),
            ImportOutcome::Duplicate | ImportOutcome::UnknownPerson | ImportOutcome::Invalid => (None, None),
        };
        let (tenant_id, import_id) = (self.tenant_id, self.id);
        // What is no e-mail may be anything: as much of it as tells which row is meant.
        let email = email.chars().take(254).collect();
        ImportRow { tenant_id, import_id, row_number, email, outcome, enrollment_id, before, undo: None }
    }

    /// Does what was decided.
    async fn enroll(&self, conn: &mut Conn, rows: &[ImportRow], now: DateTime<Utc>) -> Result<(), Error> {
        let of = |outcome: ImportOutcome| rows.iter().filter(move |row| row.outcome == outcome);
        let ids: Vec<_> = of(ImportOutcome::Enrolled).filter_map(|row| row.enrollment_id).collect();
        let emails: Vec<_> = of(ImportOutcome::Enrolled).map(|row| row.email.as_str()).collect();
        let mut begun: Vec<Begun> = diesel::sql_query(
            "insert into enrollments
                 (id, tenant_id, user_id, course_id, status, cause, enrolled_at, started_at, updated_at)
             select wanted.id, $1, u.id, $2, 'ACTIVE', 'IMPORT', $3, $3, $3
             from unnest($4, $5) as wanted (id, email)
             join users u on u.tenant_id = $1 and lower(u.email) = wanted.email and u.status in ('ACTIVE', 'INVITED')
             on conflict (tenant_id, course_id, user_id) do nothing
             returning id, user_id, course_id, progress",
        )
        .bind::<SqlUuid, _>(self.tenant_id)
        .bind::<SqlUuid, _>(self.course_id)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(emails)
        .load(conn)
        .await?;
        let again: Vec<_> = of(ImportOutcome::Reactivated).filter_map(|row| row.enrollment_id).collect();
        let back: Vec<Begun> = diesel::sql_query(
            "update enrollments e
             set status = 'ACTIVE', cause = 'IMPORT', expires_at = null, removed = false, group_id = null,
                 started_at = coalesce(e.started_at, $3), updated_at = $3
             where e.tenant_id = $1 and e.id = any ($2) and e.status not in ('ACTIVE', 'COMPLETED')
             returning e.id, e.user_id, e.course_id, e.progress",
        )
        .bind::<SqlUuid, _>(self.tenant_id)
        .bind::<Array<SqlUuid>, _>(again)
        .bind::<Timestamptz, _>(now)
        .load(conn)
        .await?;
        begun.extend(back);
        welcome(conn, self.tenant_id, &begun, now).await
    }
}
