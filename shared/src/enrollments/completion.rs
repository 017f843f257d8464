//! Completion: when a learner has done all that a course asks for.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::jobs::{CourseCompleted, EvaluateCompletion};
use super::{Enrollment, EnrollmentCause, EnrollmentStatus};
use crate::db::schema::enrollments;
use crate::db::{Conn, Error, prepared};
use crate::events::{Event, EventKind};
use crate::ids::{CourseId, EnrollmentId, TenantId};
use crate::jobs;

/// Enrollments that are counted anew together.
const BATCH: i64 = 500;

#[derive(Debug, QueryableByName)]
struct Counted {
    #[diesel(sql_type = SqlUuid)]
    id: EnrollmentId,
    #[diesel(sql_type = Bool)]
    all_done: bool,
}

impl Enrollment {
    /// Completes an enrollment if every required item is done and there is at least one: once,
    /// however often it is asked. Answers the enrollment if it was completed now.
    ///
    /// Not in the percentage, and asked besides as soon as courses have assessments: whether those
    /// that are published were passed.
    pub async fn complete_if_done(
        conn: &mut Conn,
        tenant: TenantId,
        id: EnrollmentId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        conn.transaction(async |conn| {
            // Whoever reports progress holds this row, too: what came before is counted below.
            let held = enrollments::table
                .filter(enrollments::tenant_id.eq(tenant))
                .filter(enrollments::id.eq(id))
                .filter(enrollments::status.eq(EnrollmentStatus::Active))
                .select(enrollments::id)
                .for_no_key_update()
                .first::<EnrollmentId>(conn)
                .await
                .optional()?;
            if held.is_none() {
                return Ok(None);
            }
            let counted = count(conn, tenant, &[id], now).await?;
            if !counted.iter().any(|counted| counted.all_done) {
                return Ok(None);
            }
            let completed: Self = diesel::update(enrollments::table.find(id))
                .set((
                    enrollments::status.eq(EnrollmentStatus::Completed),
                    enrollments::cause.eq(EnrollmentCause::Completion),
                    enrollments::completed_at.eq(now),
                    enrollments::progress.eq(100),
                    enrollments::updated_at.eq(now),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?;
            let event = Event {
                tenant,
                kind: EventKind::CourseCompleted,
                user: Some(completed.user_id),
                course: Some(completed.course_id),
                context: json!({ "enrollment_id": id }),
                dedupe_key: Some(format!("completed {id}")),
            };
            event.record(conn, now).await?;
            jobs::enqueue(conn, &CourseCompleted { tenant_id: tenant, enrollment_id: id }).await?;
            Ok(Some(completed))
        })
        .await
    }

    /// Counts anew how far those are who come back, whom the caller holds: while they were away, what
    /// has to be done may have changed, and nobody counted. Has those looked at who are done by that.
    pub(super) async fn catch_up(
        conn: &mut Conn,
        tenant: TenantId,
        ids: &[EnrollmentId],
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let counted = count(conn, tenant, ids, now).await?;
        let done: Vec<_> = counted
            .iter()
            .filter(|counted| counted.all_done)
            .map(|counted| EvaluateCompletion { tenant_id: tenant, enrollment_id: counted.id })
            .collect();
        jobs::enqueue_many(conn, &done).await?;
        Ok(())
    }

    /// Counts anew how far the active learners of a course are, because what they have to do has
    /// changed, and has those looked at who are done by that. Answers how many it counted.
    pub async fn recount_course(
        conn: &mut Conn,
        tenant: TenantId,
        course: CourseId,
        now: DateTime<Utc>,
    ) -> Result<usize, Error> {
        let mut after = EnrollmentId(uuid::Uuid::nil());
        let mut total = 0;
        loop {
            let ids = conn.transaction(async |conn| recount(conn, tenant, course, after, now).await).await?;
            total += ids.len();
            match ids.as_slice().last() {
                Some(last) => after = *last,
                None => return Ok(total),
            }
        }
    }
}

async fn recount(
    conn: &mut Conn,
    tenant: TenantId,
    course: CourseId,
    after: EnrollmentId,
    now: DateTime<Utc>,
) -> Result<Vec<EnrollmentId>, Error> {
    let ids = enrollments::table
        .filter(enrollments::tenant_id.eq(tenant))
        .filter(enrollments::course_id.eq(course))
        .filter(enrollments::status.eq(EnrollmentStatus::Active))
        .filter(enrollments::id.gt(after))
        .order(enrollments::id)
        .limit(BATCH)
        .select(enrollments::id)
        .for_no_key_update()
        .load::<EnrollmentId>(conn)
        .await?;
    Enrollment::catch_up(conn, tenant, &ids, now).await?;
    Ok(ids)
}

/// Counts what is done in these enrollments, which the caller holds, and writes down the percent
/// where it is another than before.
async fn count(
    conn: &mut Conn,
    tenant: TenantId,
    ids: &[EnrollmentId],
    now: DateTime<Utc>,
) -> Result<Vec<Counted>, Error> {
    let count = diesel::sql_query(include_str!("count_progress.sql"))
        .bind::<SqlUuid, _>(tenant)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Timestamptz, _>(now);
    prepared(count).load(conn).await
}
