//! Telling how far one is: the busiest write there is, hence few statements.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Int2, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::{Map, Value, json};

use super::gate::GatedItem;
use super::jobs::EvaluateCompletion;
use super::player::kept_details;
use super::{EnrollmentError, ItemBrief, Progress, ProgressStatus, study};
use crate::courses::{ContentType, EnrollmentStatus};
use crate::db::schema::{content_items, enrollments, sql_types};
use crate::db::{Conn, Error, broken_constraint};
use crate::events::{Event, EventKind};
use crate::ids::{ContentItemId, CourseId, EnrollmentId, ModuleId, ProgressId, TenantId, UserId};
use crate::jobs;

/// What a learner tells of an item.
#[derive(Debug, Clone)]
pub struct ProgressReport {
    pub item: ContentItemId,
    pub status: ProgressStatus,
    /// Laid over the details that there are, key by key.
    pub details: Map<String, Value>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    pub progress: Progress,
    pub item: ItemBrief,
    pub enrollment_status: EnrollmentStatus,
    /// Percent of the course.
    pub percent: i16,
}

impl Progress {
    /// Writes down what a learner tells of an item, and has the course's completion looked at when
    /// that was the last one.
    ///
    /// An item that is completed stays so when it is looked at again; only `NOT_STARTED` takes it
    /// back.
    pub async fn record(
        conn: &mut Conn,
        tenant: TenantId,
        user: UserId,
        report: ProgressReport,
        now: DateTime<Utc>,
    ) -> Result<Recorded, EnrollmentError> {
        let recorded = conn.transaction(async |conn| record(conn, tenant, user, report, now).await).await;
        recorded.map_err(|error| match error {
            EnrollmentError::Database(error) => match broken_constraint(&error) {
                Some("learner_progress_details_size") => EnrollmentError::DetailsTooLarge,
                // The item was deleted at this moment.
                Some("learner_progress_item") => EnrollmentError::NoSuchItem,
                _ => EnrollmentError::Database(error),
            },
            error => error,
        })
    }
}

async fn record(
    conn: &mut Conn,
    tenant: TenantId,
    user: UserId,
    report: ProgressReport,
    now: DateTime<Utc>,
) -> Result<Recorded, EnrollmentError> {
    hold(conn, tenant, user, report.item).await?;
    let gated = GatedItem::find(conn, tenant, user, report.item).await?.ok_or(EnrollmentError::NoSuchItem)?;
    let (course_id, content_type) = (gated.course.id, gated.brief.content_type);
    let standing = gated.admit(conn, user, now).await?;
    let (enrollment_id, standing) = (standing.id, standing.status);
    let details = kept_details(content_type, report.details)?;
    let write = Write {
        tenant_id: tenant,
        course_id,
        enrollment_id,
        item_id: report.item,
        progress_id: ProgressId::new(),
        status: report.status,
        details: Value::Object(details),
        at: now,
    };
    let written: Written = (&write).get_result(conn).await.optional()?.ok_or(EnrollmentError::NoSuchItem)?;
    tell(conn, &write, &written, user).await?;
    if written.all_done && standing == EnrollmentStatus::Active {
        jobs::enqueue(conn, &EvaluateCompletion { tenant_id: tenant, enrollment_id }).await?;
    }
    Ok(written.into_recorded(&write, standing))
}

/// Tells what has happened: what was finished, or else that the learner is at work.
async fn tell(conn: &mut Conn, write: &Write, written: &Written, user: UserId) -> Result<(), Error> {
    let Write { tenant_id: tenant, course_id, enrollment_id, item_id, at, .. } = *write;
    let event = |kind, dedupe_key| Event {
        tenant,
        kind,
        user: Some(user),
        course: Some(course_id),
        context: json!({ "content_item_id": item_id, "module_id": written.module_id, "enrollment_id": enrollment_id }),
        dedupe_key: Some(dedupe_key),
    };
    let mut is_told = false;
    if written.status == ProgressStatus::Completed && written.was != Some(ProgressStatus::Completed) {
        let completed = event(EventKind::ContentCompleted, format!("content {enrollment_id} {item_id}"));
        is_told = if written.module_done {
            let key = format!("module {enrollment_id} {}", written.module_id);
            let both = [completed, event(EventKind::ModuleCompleted, key)];
            Event::record_all(conn, tenant, both.into_iter(), at).await? > 0
        } else {
            completed.record(conn, at).await?
        };
    }
    // Players tell of each second of a film. Of an item that was told of in this stretch already,
    // nobody needs to ask whether it was.
    let stretch = study::stretch_of(at);
    let is_at_work = written.status != ProgressStatus::NotStarted;
    if is_at_work && !is_told && written.was_at.is_none_or(|was| study::stretch_of(was) != stretch) {
        let key = format!("studied {user} {}", stretch.timestamp());
        event(EventKind::ContentProgressed, key).record(conn, at).await?;
    }
    Ok(())
}

/// Holds the caller's enrollment, if there is one, until the transaction ends, so that two reports
/// of one learner come one after the other. What is decided and counted is read by later statements:
/// this one may have waited, and would not see what the other report has written meanwhile.
async fn hold(conn: &mut Conn, tenant: TenantId, user: UserId, item: ContentItemId) -> Result<(), Error> {
    let course = content_items::table
        .filter(content_items::tenant_id.eq(tenant))
        .filter(content_items::id.eq(item))
        .select(content_items::course_id)
        .single_value();
    enrollments::table
        .filter(enrollments::tenant_id.eq(tenant))
        .filter(enrollments::user_id.eq(user))
        .filter(enrollments::course_id.nullable().eq(course))
        .select(enrollments::id)
        .for_no_key_update()
        .first::<EnrollmentId>(conn)
        .await
        .optional()?;
    Ok(())
}

/// The statement of `record_progress.sql` with what is given to it. A query of our own type,
/// because diesel prepares texts of `sql_query` anew each time.
///
/// It writes an item's progress, how far that brings the learner, and when that was, in one go. The
/// caller holds the enrollment. A statement does not see its own changes, so the item at hand is counted by its
/// new state and the others as they stand.
#[derive(Debug, Clone, QueryId)]
struct Write {
    tenant_id: TenantId,
    course_id: CourseId,
    enrollment_id: EnrollmentId,
    item_id: ContentItemId,
    progress_id: ProgressId,
    status: ProgressStatus,
    details: Value,
    at: DateTime<Utc>,
}

impl QueryFragment<Pg> for Write {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "with given (tenant_id, course_id, enrollment_id, item_id, progress_id, status, details, at) as (values (",
        );
        out.push_bind_param::<SqlUuid, _>(&self.tenant_id)?;
        out.push_sql("::uuid, ");
        out.push_bind_param::<SqlUuid, _>(&self.course_id)?;
        out.push_sql("::uuid, ");
        out.push_bind_param::<SqlUuid, _>(&self.enrollment_id)?;
        out.push_sql("::uuid, ");
        out.push_bind_param::<SqlUuid, _>(&self.item_id)?;
        out.push_sql("::uuid, ");
        out.push_bind_param::<SqlUuid, _>(&self.progress_id)?;
        out.push_sql("::uuid, ");
        out.push_bind_param::<sql_types::ProgressStatus, _>(&self.status)?;
        out.push_sql("::progress_status, ");
        out.push_bind_param::<Jsonb, _>(&self.details)?;
        out.push_sql("::jsonb, ");
        out.push_bind_param::<Timestamptz, _>(&self.at)?;
        out.push_sql("::timestamptz))");
        out.push_sql(include_str!("record_progress.sql"));
        Ok(())
    }
}

impl Query for Write {
    type SqlType = (
        SqlUuid,
        sql_types::ProgressStatus,
        Jsonb,
        Nullable<Timestamptz>,
        Nullable<Timestamptz>,
        Nullable<sql_types::ProgressStatus>,
        Nullable<Timestamptz>,
        Text,
        SqlUuid,
        sql_types::ContentType,
        Bool,
        Bool,
        Bool,
        Int2,
    );
}

#[derive(Debug, Queryable)]
struct Written {
    id: ProgressId,
    status: ProgressStatus,
    details: Value,
    started_at: Option<DateTime<Utc>>,
    completed_at: Option<DateTime<Utc>>,
    /// Before.
    was: Option<ProgressStatus>,
    /// When it was told of before.
    was_at: Option<DateTime<Utc>>,
    title: String,
    module_id: ModuleId,
    content_type: ContentType,
    is_required: bool,
    /// All that is required of the course.
    all_done: bool,
    /// All that is required of the item's module.
    module_done: bool,
    percent: i16,
}

impl Written {
    fn into_recorded(self, write: &Write, standing: EnrollmentStatus) -> Recorded {
        Recorded {
            progress: Progress {
                id: self.id,
                tenant_id: write.tenant_id,
                course_id: write.course_id,
                enrollment_id: write.enrollment_id,
                content_item_id: write.item_id,
                status: self.status,
                progress_details: self.details,
                started_at: self.started_at,
                completed_at: self.completed_at,
                updated_at: write.at,
            },
            item: ItemBrief {
                id: write.item_id,
                title: self.title,
                module_id: self.module_id,
                content_type: self.content_type,
                is_required: self.is_required,
            },
            enrollment_status: standing,
            percent: if standing == EnrollmentStatus::Completed { 100 } else { self.percent },
        }
    }
}
