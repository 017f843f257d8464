//! What a learner has done with one item: what its player asks for before it goes on.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::gate::GatedItem;
use super::{EnrollmentError, Progress, ProgressRow};
use crate::db::Conn;
use crate::db::schema::learner_progress;
use crate::ids::{ContentItemId, EnrollmentId, TenantId, UserId};

impl Progress {
    /// What a learner has done with an item of a course in which they are enrolled, and whether it is
    /// open to them now.
    pub async fn of_item(
        conn: &mut Conn,
        tenant: TenantId,
        user: UserId,
        item: ContentItemId,
        now: DateTime<Utc>,
    ) -> Result<(EnrollmentId, ProgressRow), EnrollmentError> {
        let gated = GatedItem::find(conn, tenant, user, item).await?.ok_or(EnrollmentError::NoSuchItem)?;
        let decision = gated.decide(conn, user, now).await?;
        if decision.hides() {
            return Err(EnrollmentError::NoSuchItem);
        }
        let enrollment = gated.standing.ok_or(EnrollmentError::NotEnrolled)?.id;
        let progress = learner_progress::table
            .filter(learner_progress::tenant_id.eq(tenant))
            .filter(learner_progress::enrollment_id.eq(enrollment))
            .filter(learner_progress::content_item_id.eq(item))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()?;
        Ok((enrollment, ProgressRow { item: gated.brief, decision, progress }))
    }
}
