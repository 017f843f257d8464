//! Working a file off, batch by batch.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::file::{emails, is_email};
use super::{EnrollmentImport, ImportOutcome, ImportRow, ImportState};
use crate::courses::CourseStatus;
use crate::db::schema::{courses, enrollment_changes, enrollment_import_rows, enrollment_imports, enrollments, users};
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

/// What is to become of a row, and whom it names.
struct Decided {
    row: ImportRow,
    person: Option<UserId>,
}

/// What the rows of a batch are judged by.
struct Known {
    is_open: bool,
    people: HashMap<String, UserId>,
    there: HashMap<UserId, Enrollment>,
    /// The e-mails of rows before.
    named: HashSet<String>,
}

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
            // Whose time is over is gone, also before the clock's job has come by.
            Enrollment::expire_due(conn, tenant, now).await?;
            let rows = import.next_rows(conn).await?;
            let done = import.rows_done.saturating_add(i32::try_from(rows.len()).unwrap_or(i32::MAX));
            let mut decided = import.decide(conn, rows).await?;
            if !import.is_dry_run {
                import.enroll(conn, &mut decided, now).await?;
            }
            let is_over = decided.is_empty() || done >= import.rows_total;
            let rows: Vec<_> = decided.into_iter().map(|decided| decided.row).collect();
            diesel::insert_into(enrollment_import_rows::table).values(&rows).execute(conn).await?;
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
    async fn decide(&self, conn: &mut Conn, rows: Vec<(i32, Option<String>)>) -> Result<Vec<Decided>, Error> {
        let wanted: Vec<&str> = rows.iter().filter_map(|(_, email)| email.as_deref()).collect();
        let mut known = self.known(conn, &wanted).await?;
        let decide = |(row_number, email): (i32, Option<String>)| {
            let email = email.unwrap_or_default();
            let is_first = known.named.insert(email.clone());
            let person = known.people.get(&email).copied();
            let existing = person.and_then(|person| known.there.get(&person));
            let outcome = match (person, existing) {
                _ if !is_email(&email) => ImportOutcome::Invalid,
                _ if !is_first => ImportOutcome::Duplicate,
                (None, _) => ImportOutcome::UnknownPerson,
                (Some(_), Some(existing)) if existing.status.takes_part() => ImportOutcome::Already,
                (Some(_), _) if !known.is_open => ImportOutcome::NotOpen,
                (Some(_), Some(_)) => ImportOutcome::Reactivated,
                (Some(_), None) => ImportOutcome::Enrolled,
            };
            Decided { row: self.row(row_number, email, outcome, existing), person }
        };
        Ok(rows.into_iter().map(decide).collect())
    }

    /// What there is to know about these e-mails. The course and the enrollments stay as they are
    /// until the transaction ends.
    async fn known(&self, conn: &mut Conn, wanted: &[&str]) -> Result<Known, Error> {
        let status: CourseStatus = courses::table
            .filter(courses::tenant_id.eq(self.tenant_id))
            .filter(courses::id.eq(self.course_id))
            .select(courses::status)
            .for_share()
            .first(conn)
            .await?;
        let people: Vec<(String, UserId)> = users::table
            .filter(users::tenant_id.eq(self.tenant_id))
            .filter(lower(users::email).eq_any(wanted))
            .filter(users::status.eq_any([UserStatus::Active, UserStatus::Invited]))
            .select((lower(users::email), users::id))
            .load(conn)
            .await?;
        let named: Vec<String> = enrollment_import_rows::table
            .filter(enrollment_import_rows::tenant_id.eq(self.tenant_id))
            .filter(enrollment_import_rows::import_id.eq(self.id))
            .filter(enrollment_import_rows::email.eq_any(wanted))
            .select(enrollment_import_rows::email)
            .load(conn)
            .await?;
        let there: Vec<Enrollment> = enrollments::table
            .filter(enrollments::tenant_id.eq(self.tenant_id))
            .filter(enrollments::course_id.eq(self.course_id))
            .filter(enrollments::user_id.eq_any(people.iter().map(|(_, id)| *id).collect::<Vec<_>>()))
            .order(enrollments::id)
            .select(Enrollment::as_select())
            .for_no_key_update()
            .load(conn)
            .await?;
        Ok(Known {
            is_open: status == CourseStatus::Published,
            people: people.into_iter().collect(),
            there: there.into_iter().map(|enrollment| (enrollment.user_id, enrollment)).collect(),
            named: named.into_iter().collect(),
        })
    }

    fn row(&self, row_number: i32, email: String, outcome: ImportOutcome, existing: Option<&Enrollment>) -> ImportRow {
        let before = |was: &Enrollment| {
            json!({
                "status": was.status, "cause": was.cause, "expires_at": was.expires_at, "removed": was.removed,
                "group_id": was.group_id, "started_at": was.started_at,
            })
        };
        let (enrollment_id, before) = match outcome {
            ImportOutcome::Enrolled => ((!self.is_dry_run).then(EnrollmentId::new), None),
            ImportOutcome::Reactivated => (existing.map(|was| was.id), existing.map(before)),
            ImportOutcome::Already => (existing.map(|was| was.id), None),
            ImportOutcome::Duplicate
            | ImportOutcome::UnknownPerson
            | ImportOutcome::Invalid
            | ImportOutcome::NotOpen => (None, None),
        };
        let (tenant_id, import_id, change_number) = (self.tenant_id, self.id, None);
        // What is no e-mail may be anything: as much of it as tells which row is meant.
        let email = email.chars().take(254).collect();
        ImportRow { tenant_id, import_id, row_number, email, outcome, enrollment_id, before, change_number, undo: None }
    }

    /// Does what was decided.
    async fn enroll(&self, conn: &mut Conn, decided: &mut [Decided], now: DateTime<Utc>) -> Result<(), Error> {
        let of = |outcome: ImportOutcome| decided.iter().filter(move |decided| decided.row.outcome == outcome);
        let new = of(ImportOutcome::Enrolled).filter_map(|new| Some((new.row.enrollment_id?, new.person?)));
        let (ids, people): (Vec<_>, Vec<_>) = new.unzip();
        let mut begun: Vec<Begun> = diesel::sql_query(
            "insert into enrollments
                 (id, tenant_id, user_id, course_id, status, cause, enrolled_at, started_at, updated_at)
             select wanted.id, $1, wanted.user_id, $2, 'ACTIVE', 'IMPORT', $3, $3, $3
             from unnest($4, $5) as wanted (id, user_id)
             on conflict (tenant_id, course_id, user_id) do nothing
             returning id, user_id, course_id",
        )
        .bind::<SqlUuid, _>(self.tenant_id)
        .bind::<SqlUuid, _>(self.course_id)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<SqlUuid>, _>(people)
        .load(conn)
        .await?;
        let again: Vec<_> = of(ImportOutcome::Reactivated).filter_map(|again| again.row.enrollment_id).collect();
        let back: Vec<Begun> = diesel::sql_query(
            "update enrollments e
             set status = 'ACTIVE', cause = 'IMPORT', expires_at = null, removed = false, group_id = null,
                 started_at = coalesce(e.started_at, $3), updated_at = $3
             where e.tenant_id = $1 and e.id = any ($2) and e.status not in ('ACTIVE', 'COMPLETED')
             returning e.id, e.user_id, e.course_id",
        )
        .bind::<SqlUuid, _>(self.tenant_id)
        .bind::<Array<SqlUuid>, _>(again)
        .bind::<Timestamptz, _>(now)
        .load(conn)
        .await?;
        begun.extend(back);
        self.note_changes(conn, decided, &begun).await?;
        welcome(conn, self.tenant_id, &begun, now).await
    }

    /// Notes at each row which change of an enrollment it made.
    async fn note_changes(&self, conn: &mut Conn, decided: &mut [Decided], begun: &[Begun]) -> Result<(), Error> {
        let made: HashMap<EnrollmentId, Option<i64>> = enrollment_changes::table
            .filter(enrollment_changes::tenant_id.eq(self.tenant_id))
            .filter(enrollment_changes::enrollment_id.eq_any(begun.iter().map(|begun| begun.id).collect::<Vec<_>>()))
            .group_by(enrollment_changes::enrollment_id)
            .select((enrollment_changes::enrollment_id, max(enrollment_changes::number)))
            .load::<(EnrollmentId, Option<i64>)>(conn)
            .await?
            .into_iter()
            .collect();
        for row in decided.iter_mut().map(|decided| &mut decided.row) {
            match (row.outcome, row.enrollment_id.and_then(|id| made.get(&id))) {
                (ImportOutcome::Enrolled | ImportOutcome::Reactivated, Some(number)) => row.change_number = *number,
                // Somebody else has enrolled them at this moment.
                (ImportOutcome::Enrolled, None) => (row.outcome, row.enrollment_id) = (ImportOutcome::Already, None),
                _ => {}
            }
        }
        Ok(())
    }
}
