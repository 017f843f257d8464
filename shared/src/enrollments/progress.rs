//! What learners have done with items.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::Enrollment;
use crate::courses::{Access, ContentType, Decision, ItemGate, ModuleGate, Window};
use crate::db::schema::{content_items, learner_progress, modules, sql_types};
use crate::db::{Conn, Error, Numbered, Page, sql_enum};
use crate::ids::{ContentItemId, CourseId, EnrollmentId, ModuleId, ProgressId, TenantId};

sql_enum! {
    /// How far a learner is with an item.
    ProgressStatus: sql_types::ProgressStatus {
        /// Not begun.
        NotStarted = "NOT_STARTED",
        /// Begun.
        InProgress = "IN_PROGRESS" | "VIEWED",
        /// Done.
        Completed = "COMPLETED",
    }
}

/// What a learner has done with an item.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = learner_progress, treat_none_as_default_value = false)]
pub struct Progress {
    pub id: ProgressId,
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    pub enrollment_id: EnrollmentId,
    pub content_item_id: ContentItemId,
    pub status: ProgressStatus,
    /// What players tell: a position, a score. An object.
    pub progress_details: Value,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

/// An item, as much of it as progress shows.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = content_items)]
pub struct ItemBrief {
    pub id: ContentItemId,
    pub title: String,
    pub module_id: ModuleId,
    pub content_type: ContentType,
    pub is_required: bool,
}

/// An item of a course, whether the learner may see it, and what they have done with it, if anything.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressRow {
    pub item: ItemBrief,
    pub decision: Decision,
    pub progress: Option<Progress>,
}

type Columns = (ItemBrief, Window, Window, Option<Progress>, i64);

impl Progress {
    /// Every published item of an enrollment's course in the course's order, begun or not, and
    /// whether it is open to the learner, of whom `access` tells.
    pub async fn list(
        conn: &mut Conn,
        enrollment: &Enrollment,
        access: &Access,
        page: Numbered,
    ) -> Result<Page<ProgressRow>, Error> {
        if access.course().hides() {
            return Ok(Page::numbered(Vec::new(), 0));
        }
        let found = content_items::table
            .inner_join(modules::table)
            .left_join(
                learner_progress::table.on(learner_progress::content_item_id
                    .eq(content_items::id)
                    .and(learner_progress::enrollment_id.eq(enrollment.id))),
            )
            .filter(content_items::tenant_id.eq(enrollment.tenant_id))
            .filter(content_items::course_id.eq(enrollment.course_id))
            .filter(content_items::is_published)
            .order((modules::position, modules::id, content_items::position, content_items::id))
            .limit(page.limit())
            .offset(page.offset())
            .select((
                ItemBrief::as_select(),
                (modules::release_at, modules::release_after_days, modules::available_until),
                (content_items::release_at, content_items::release_after_days, content_items::available_until),
                Option::<Self>::as_select(),
                count_star().over(),
            ))
            .load::<Columns>(conn)
            .await?;
        let total = match found.as_slice().first() {
            Some((.., total)) => *total,
            None if page.number == 1 => 0,
            None => {
                content_items::table
                    .filter(content_items::tenant_id.eq(enrollment.tenant_id))
                    .filter(content_items::course_id.eq(enrollment.course_id))
                    .filter(content_items::is_published)
                    .count()
                    .get_result(conn)
                    .await?
            }
        };
        let row = |(item, opens, window, progress, _): Columns| {
            let module = ModuleGate { id: item.module_id, window: opens };
            let decision = access.item(module, ItemGate { is_published: true, window });
            ProgressRow { item, decision, progress }
        };
        Ok(Page::numbered(found.into_iter().map(row).collect(), total))
    }
}
