//! Files of enrollments over HTTP.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::db::Conn;
use shared::enrollments::{EnrollmentImport, FileError, ImportOutcome, ImportRow, ImportState, UndoError};
use shared::ids::{CourseId, EnrollmentImportId};
use utoipa::{IntoParams, ToSchema};

use super::WriteEnrollments;
use crate::access::Can;
use crate::app::App;
use crate::courses::{Action, capitalised, visible_course};
use crate::http::{ApiError, ApiResult, CourseRef, CsvBody, Db, Listing, Paging, Path, Query};

/// Results are written in so many rows at a time.
const BATCH: i64 = 1_000;

/// A file of enrollments.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EnrollmentImport)]
pub struct ImportOut {
    id: EnrollmentImportId,
    course: CourseId,
    /// It only says what it would do.
    is_dry_run: bool,
    #[schema(inline)]
    state: ImportState,
    #[schema(example = 120)]
    rows_total: i32,
    /// So many of them have an outcome.
    #[schema(example = 40)]
    rows_done: i32,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<EnrollmentImport> for ImportOut {
    fn from(import: EnrollmentImport) -> Self {
        let EnrollmentImport {
            id,
            tenant_id: _,
            course_id,
            is_dry_run,
            state,
            rows_total,
            rows_done,
            created_at,
            finished_at,
        } = import;
        Self { id, course: course_id, is_dry_run, state, rows_total, rows_done, created_at, finished_at }
    }
}

/// How often rows have an outcome.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ImportOutcomeCount)]
pub struct OutcomeCountOut {
    #[schema(inline)]
    outcome: ImportOutcome,
    #[schema(example = 38)]
    count: i64,
}

/// A file of enrollments, and what became of its rows so far.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EnrollmentImportDetail)]
pub struct ImportDetailOut {
    #[serde(flatten)]
    import: ImportOut,
    outcomes: Vec<OutcomeCountOut>,
}

/// How a file is meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HowToImport {
    /// Only say what it would do.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

/// Enroll the people of a file in a course: comma-separated values with a header, of which the column
/// `email` counts. It is worked off in the background, each row for itself.
#[utoipa::path(post, path = "/api/courses/{course}/enrollment-imports/", tag = "enrollments",
    params(("course" = String, Path, description = "Its id or slug"), HowToImport),
    request_body(content = String, content_type = "text/csv"),
    responses((status = ACCEPTED, body = ImportOut), (status = 409, description = "The course is not published")))]
pub async fn create_import(
    caller: Can<WriteEnrollments>,
    State(app): State<App>,
    Path(named): Path<CourseRef>,
    Query(wanted): Query<HowToImport>,
    db: Db,
    // Looked at after the course: of one that is not there nothing is said but that.
    source: Result<CsvBody, ApiError>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Json<ImportOut>)> {
    let mut conn = db.conn().await?;
    let seen = visible_course(&mut conn, &caller, &named, Action::Change).await?;
    let CsvBody(source) = source?;
    let author = (caller.person.tenant_id == Some(caller.tenant())).then_some(caller.user);
    let now = app.clock.now();
    let made = EnrollmentImport::create(&mut conn, &seen.course, &source, wanted.dry_run, author, now).await;
    let import = made.map_err(|error| match error {
        FileError::Database(error) => error.into(),
        closed @ FileError::CourseNotOpen => {
            ApiError::Conflict { code: "course_not_open", message: capitalised(&closed) }
        }
        refused => ApiError::field("", capitalised(&refused)),
    })?;
    let location = format!("/api/enrollment-imports/{}/", import.id);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(import.into())))
}

/// List the files of a course, newest first.
#[utoipa::path(get, path = "/api/courses/{course}/enrollment-imports/", tag = "enrollments",
    params(("course" = String, Path, description = "Its id or slug"), Paging),
    responses((status = OK, body = Listing<ImportOut>)))]
pub async fn list_imports(
    caller: Can<WriteEnrollments>,
    Path(named): Path<CourseRef>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<ImportOut>>> {
    let mut conn = db.conn().await?;
    let seen = visible_course(&mut conn, &caller, &named, Action::Change).await?;
    Ok(paging.answer(EnrollmentImport::list(&mut conn, &seen.course, paging.numbered()).await?))
}

/// The one with this id, if the caller runs its course.
async fn find(conn: &mut Conn, caller: &Can<WriteEnrollments>, id: EnrollmentImportId) -> ApiResult<EnrollmentImport> {
    let found = EnrollmentImport::find(conn, caller.tenant(), id).await?;
    let own = found.filter(|(_, course)| course.is_run_by(caller.user, caller.role));
    own.map(|(import, _)| import).ok_or(ApiError::NotFound("import"))
}

/// Show a file, how far it is, and what became of its rows.
#[utoipa::path(get, path = "/api/enrollment-imports/{enrollment_import}/", tag = "enrollments",
    params(("enrollment_import" = EnrollmentImportId, Path)), responses((status = OK, body = ImportDetailOut)))]
pub async fn show_import(
    caller: Can<WriteEnrollments>,
    Path(id): Path<EnrollmentImportId>,
    db: Db,
) -> ApiResult<Json<ImportDetailOut>> {
    let mut conn = db.conn().await?;
    let import = find(&mut conn, &caller, id).await?;
    let outcomes = import.outcomes(&mut conn).await?;
    let outcomes = outcomes.into_iter().map(|(outcome, count)| OutcomeCountOut { outcome, count }).collect();
    Ok(Json(ImportDetailOut { import: import.into(), outcomes }))
}

/// Download what became of each row, as comma-separated values.
#[utoipa::path(get, path = "/api/enrollment-imports/{enrollment_import}/results/", tag = "enrollments",
    params(("enrollment_import" = EnrollmentImportId, Path)),
    responses((status = OK, body = String, content_type = "text/csv")))]
pub async fn download_results(
    caller: Can<WriteEnrollments>,
    Path(id): Path<EnrollmentImportId>,
    db: Db,
) -> ApiResult<Response> {
    let mut conn = db.conn().await?;
    let import = find(&mut conn, &caller, id).await?;
    let mut results = "row,email,outcome,undo\n".to_owned();
    let mut after = 0;
    loop {
        let rows = import.rows(&mut conn, after, BATCH).await?;
        let Some(last) = rows.as_slice().last() else { break };
        after = last.row_number;
        for row in &rows {
            results.push_str(&line(row));
        }
    }
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"enrollments.csv\"")),
    ];
    Ok((headers, results).into_response())
}

/// A row of the results.
fn line(row: &ImportRow) -> String {
    let ImportRow { row_number, email, outcome, undo, .. } = row;
    // A spreadsheet would take what begins so for a formula, and run it.
    let guard = if email.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    let email = email.replace('"', "\"\"");
    let undo = undo.map_or("", |undo| undo.as_str());
    format!("{row_number},\"{guard}{email}\",{outcome},{undo}\n")
}

/// Take a file back: what its rows have changed becomes what it was, but for what learners have
/// completed since.
#[utoipa::path(post, path = "/api/enrollment-imports/{enrollment_import}/undo/", tag = "enrollments",
    params(("enrollment_import" = EnrollmentImportId, Path)),
    responses((status = ACCEPTED, body = ImportOut), (status = 409, description = "A dry run, not done, or taken back")))]
pub async fn undo_import(
    caller: Can<WriteEnrollments>,
    Path(id): Path<EnrollmentImportId>,
    db: Db,
) -> ApiResult<(StatusCode, Json<ImportOut>)> {
    let mut conn = db.conn().await?;
    let import = find(&mut conn, &caller, id).await?;
    let undoing = import.undo(&mut conn).await.map_err(|error| match error {
        UndoError::Database(error) => error.into(),
        refused @ UndoError::NothingToUndo => {
            ApiError::Conflict { code: "nothing_to_undo", message: capitalised(&refused) }
        }
    })?;
    Ok((StatusCode::ACCEPTED, Json(undoing.into())))
}

#[cfg(test)]
mod tests {
    use shared::ids::TenantId;

    use super::*;

    #[test]
    fn no_cell_becomes_a_formula_or_two() {
        for (email, cell) in
            [("a@e.org", "\"a@e.org\""), ("=cmd|' /c calc'!a0", "\"'=cmd|' /c calc'!a0\""), ("a\",b", "\"a\"\",b\"")]
        {
            let row = ImportRow {
                tenant_id: TenantId::new(),
                import_id: EnrollmentImportId::new(),
                row_number: 1,
                email: email.to_owned(),
                outcome: ImportOutcome::Invalid,
                enrollment_id: None,
                before: None,
                change_number: None,
                undo: None,
            };
            assert_eq!(line(&row), format!("1,{cell},INVALID,\n"));
        }
    }
}
