//! Enrollments by file: a list of e-mails, of which each becomes an enrollment or a reason why not.
//!
//! The file is kept and worked off by a job in batches, each of them one transaction with its outcomes,
//! so that whatever stops it, it goes on where it was. A dry run decides by the same code and writes
//! the outcomes only. Taking a file back restores what its rows have changed, but for what learners
//! have completed meanwhile.

mod file;
mod run;
mod undo;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::jobs::{RunImport, UndoImport};
use crate::courses::{Course, CourseStatus};
use crate::db::schema::{courses, enrollment_import_rows, enrollment_imports, sql_types};
use crate::db::{Conn, Error, Numbered, Page, sql_enum};
use crate::ids::{CourseId, EnrollmentId, EnrollmentImportId, TenantId, UserId};
use crate::jobs;

pub use file::FileError;

sql_enum! {
    /// How far an import is.
    ImportState: sql_types::ImportState {
        /// Its rows are worked off.
        Waiting = "WAITING",
        /// Every row has an outcome.
        Done = "DONE",
        /// Its rows are taken back.
        Undoing = "UNDOING",
        /// They have been.
        Undone = "UNDONE",
    }
}

sql_enum! {
    /// What became of a row.
    ImportOutcome: sql_types::ImportOutcome {
        /// Somebody new in the course.
        Enrolled = "ENROLLED",
        /// Somebody who was there, or waited, takes part again.
        Reactivated = "REACTIVATED",
        /// They take part already.
        Already = "ALREADY",
        /// A row before it names the same person.
        Duplicate = "DUPLICATE",
        /// Nobody of the tenant who may come in has this e-mail.
        UnknownPerson = "UNKNOWN_PERSON",
        /// This is no e-mail.
        Invalid = "INVALID",
        /// The course was archived meanwhile.
        NotOpen = "NOT_OPEN",
    }
}

sql_enum! {
    /// What became of a row when its file was taken back.
    ImportUndo: sql_types::ImportUndo {
        /// All is as it was before.
        Restored = "RESTORED",
        /// The learner had begun: the enrollment is cancelled, and what was learned kept.
        Cancelled = "CANCELLED",
        /// The learner has completed the course, or somebody has changed the enrollment since.
        Kept = "KEPT",
    }
}

/// A file of enrollments.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = enrollment_imports)]
pub struct EnrollmentImport {
    pub id: EnrollmentImportId,
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    /// It only says what it would do.
    pub is_dry_run: bool,
    pub state: ImportState,
    pub rows_total: i32,
    /// So many rows have an outcome.
    pub rows_done: i32,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = enrollment_import_rows, treat_none_as_default_value = false)]
pub struct ImportRow {
    pub tenant_id: TenantId,
    pub import_id: EnrollmentImportId,
    /// From 1; the header is none.
    pub row_number: i32,
    pub email: String,
    pub outcome: ImportOutcome,
    pub enrollment_id: Option<EnrollmentId>,
    /// What the enrollment was.
    pub before: Option<Value>,
    /// The change of status that the row made.
    pub change_number: Option<i64>,
    pub undo: Option<ImportUndo>,
}

/// Why an import cannot be taken back.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// Nothing was done, or it is not over, or it was taken back.
    #[error("only an import that is done can be undone, once, and a dry run has done nothing")]
    NothingToUndo,
    /// The database's.
    #[error(transparent)]
    Database(#[from] Error),
}

impl EnrollmentImport {
    /// Takes a file in, to be worked off by a job.
    ///
    /// # Errors
    /// It is not a list of e-mails, or nobody can be enrolled in the course.
    pub async fn create(
        conn: &mut Conn,
        course: &Course,
        source: &str,
        is_dry_run: bool,
        author: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Self, FileError> {
        if course.status != CourseStatus::Published {
            return Err(FileError::CourseNotOpen);
        }
        let rows_total = file::count(source)?;
        Ok(conn
            .transaction(async |conn| {
                let import = diesel::insert_into(enrollment_imports::table)
                    .values((
                        enrollment_imports::id.eq(EnrollmentImportId::new()),
                        enrollment_imports::tenant_id.eq(course.tenant_id),
                        enrollment_imports::course_id.eq(course.id),
                        enrollment_imports::is_dry_run.eq(is_dry_run),
                        enrollment_imports::source.eq(source),
                        enrollment_imports::rows_total.eq(rows_total),
                        enrollment_imports::author_id.eq(author),
                        enrollment_imports::created_at.eq(now),
                    ))
                    .returning(Self::as_returning())
                    .get_result(conn)
                    .await?;
                jobs::enqueue(conn, &RunImport { tenant_id: import.tenant_id, import_id: import.id }).await?;
                Ok::<_, Error>(import)
            })
            .await?)
    }

    /// The one of this tenant with this id, and its course.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        id: EnrollmentImportId,
    ) -> Result<Option<(Self, Course)>, Error> {
        enrollment_imports::table
            .inner_join(courses::table)
            .filter(enrollment_imports::tenant_id.eq(tenant))
            .filter(enrollment_imports::id.eq(id))
            .select((Self::as_select(), Course::as_select()))
            .first(conn)
            .await
            .optional()
    }

    /// Those of a course, newest first.
    pub async fn list(conn: &mut Conn, course: &Course, page: Numbered) -> Result<Page<Self>, Error> {
        let of_course = || {
            enrollment_imports::table
                .filter(enrollment_imports::tenant_id.eq(course.tenant_id))
                .filter(enrollment_imports::course_id.eq(course.id))
        };
        let found = of_course()
            .order((enrollment_imports::created_at.desc(), enrollment_imports::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(found, of_course().count().get_result(conn).await?))
    }

    /// How often each outcome is there.
    pub async fn outcomes(&self, conn: &mut Conn) -> Result<Vec<(ImportOutcome, i64)>, Error> {
        enrollment_import_rows::table
            .filter(enrollment_import_rows::tenant_id.eq(self.tenant_id))
            .filter(enrollment_import_rows::import_id.eq(self.id))
            .group_by(enrollment_import_rows::outcome)
            .order(enrollment_import_rows::outcome)
            .select((enrollment_import_rows::outcome, count_star()))
            .load(conn)
            .await
    }

    /// What became of its rows, from behind `after` on, so many at most.
    pub async fn rows(&self, conn: &mut Conn, after: i32, limit: i64) -> Result<Vec<ImportRow>, Error> {
        enrollment_import_rows::table
            .filter(enrollment_import_rows::tenant_id.eq(self.tenant_id))
            .filter(enrollment_import_rows::import_id.eq(self.id))
            .filter(enrollment_import_rows::row_number.gt(after))
            .order(enrollment_import_rows::row_number)
            .limit(limit)
            .select(ImportRow::as_select())
            .load(conn)
            .await
    }

    /// Takes it back, by a job.
    pub async fn undo(&self, conn: &mut Conn) -> Result<Self, UndoError> {
        conn.transaction(async |conn| {
            let undoing = diesel::update(self)
                .filter(enrollment_imports::state.eq(ImportState::Done))
                .filter(enrollment_imports::is_dry_run.eq(false))
                .set(enrollment_imports::state.eq(ImportState::Undoing))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?
                .ok_or(UndoError::NothingToUndo)?;
            jobs::enqueue(conn, &UndoImport { tenant_id: self.tenant_id, import_id: self.id }).await?;
            Ok(undoing)
        })
        .await
    }

    /// The import in this state, held until the transaction ends.
    async fn hold(
        conn: &mut Conn,
        tenant: TenantId,
        id: EnrollmentImportId,
        state: ImportState,
    ) -> Result<Option<Self>, Error> {
        enrollment_imports::table
            .filter(enrollment_imports::tenant_id.eq(tenant))
            .filter(enrollment_imports::id.eq(id))
            .filter(enrollment_imports::state.eq(state))
            .select(Self::as_select())
            .for_update()
            .first(conn)
            .await
            .optional()
    }
}
