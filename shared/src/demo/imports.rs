//! An enrollment by file, as it was done: the learners were there already, but for one misspelled line.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Seed;
use super::courses::Outline;
use crate::db::schema::{enrollment_import_rows, enrollment_imports, enrollments, users};
use crate::db::{Conn, Error};
use crate::enrollments::{ImportOutcome, ImportState};
use crate::ids::{EnrollmentId, EnrollmentImportId};

impl Seed<'_> {
    /// One, into the first course.
    pub(super) async fn imports(&self, conn: &mut Conn, outline: &Outline) -> Result<usize, Error> {
        let Some(course) = outline.courses.as_slice().first() else { return Ok(0) };
        let enrolled: Vec<(String, EnrollmentId)> = enrollments::table
            .inner_join(users::table)
            .filter(enrollments::tenant_id.eq(self.tenant))
            .filter(enrollments::course_id.eq(course.id))
            .order(users::email)
            .select((users::email, enrollments::id))
            .load(conn)
            .await?;
        let misspelled = format!("alice.william@{}.local", self.slug);
        let mut source = String::from("email\n");
        for email in enrolled.iter().map(|(email, _)| email).chain([&misspelled]) {
            source.push_str(email);
            source.push('\n');
        }
        let id = EnrollmentImportId(self.id("import"));
        let total = i32::try_from(enrolled.len() + 1).unwrap_or(i32::MAX);
        let made = diesel::insert_into(enrollment_imports::table)
            .values((
                enrollment_imports::id.eq(id),
                enrollment_imports::tenant_id.eq(self.tenant),
                enrollment_imports::course_id.eq(course.id),
                enrollment_imports::is_dry_run.eq(false),
                enrollment_imports::state.eq(ImportState::Done),
                enrollment_imports::source.eq(source),
                enrollment_imports::rows_total.eq(total),
                enrollment_imports::rows_done.eq(total),
                enrollment_imports::author_id.eq(self.administrator()),
                enrollment_imports::created_at.eq(self.days_ago(10)),
                enrollment_imports::finished_at.eq(self.days_ago(10)),
            ))
            .execute(conn)
            .await?;
        let known = enrolled.into_iter().map(|(email, enrollment)| (email, ImportOutcome::Already, Some(enrollment)));
        let rows: Vec<_> = (1..)
            .zip(known.chain([(misspelled, ImportOutcome::UnknownPerson, None)]))
            .map(|(number, (email, outcome, enrollment))| {
                (
                    enrollment_import_rows::tenant_id.eq(self.tenant),
                    enrollment_import_rows::import_id.eq(id),
                    enrollment_import_rows::row_number.eq(number),
                    enrollment_import_rows::email.eq(email),
                    enrollment_import_rows::outcome.eq(outcome),
                    enrollment_import_rows::enrollment_id.eq(enrollment),
                )
            })
            .collect();
        diesel::insert_into(enrollment_import_rows::table).values(rows).execute(conn).await?;
        Ok(made)
    }
}
