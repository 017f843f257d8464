//! What learners have done with items.

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::Enrollment;
use crate::courses::ContentType;
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
#[diesel(table_name = learner_progress)]
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

/// An item of a course, and what the learner has done with it, if anything.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgressRow {
    pub item: ItemBrief,
    pub progress: Option<Progress>,
}

impl Progress {
    /// Every published item of an enrollment's course in the course's order, begun or not, in one
    /// query.
    pub async fn list(conn: &mut Conn, enrollment: &Enrollment, page: Numbered) -> Result<Page<ProgressRow>, Error> {
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
            .select((ItemBrief::as_select(), Option::<Self>::as_select(), count_star().over()))
            .load::<(ItemBrief, Option<Self>, i64)>(conn)
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
        let row = |(item, progress, _)| ProgressRow { item, progress };
        Ok(Page::numbered(found.into_iter().map(row).collect(), total))
    }
}
