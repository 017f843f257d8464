//! Whether a learner may work on an item, and whether they may look at what they did with it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{EnrollmentError, ItemBrief};
use crate::courses::{Access, Course, Decision, ItemGate, ModuleGate, Standing, Window};
use crate::db::schema::{content_items, courses, enrollments, module_prerequisites, modules};
use crate::db::{Conn, Error};
use crate::ids::{ContentItemId, TenantId, UserId};
use crate::users::UserRole;

/// An item, as far as deciding about it goes.
pub(super) struct GatedItem {
    pub(super) course: Course,
    pub(super) brief: ItemBrief,
    pub(super) standing: Option<Standing>,
    module_window: Window,
    item: ItemGate,
    /// Whether there are any for its module: most have none, and then nobody asks how far one is.
    has_prerequisites: bool,
}

impl GatedItem {
    /// The item, its course, and how the learner stands to that, in one query.
    pub(super) async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        user: UserId,
        item: ContentItemId,
    ) -> Result<Option<Self>, Error> {
        let has_prerequisites = diesel::dsl::exists(
            module_prerequisites::table
                .filter(module_prerequisites::tenant_id.eq(modules::tenant_id))
                .filter(module_prerequisites::module_id.eq(modules::id)),
        );
        let found = content_items::table
            .inner_join(modules::table)
            .inner_join(
                courses::table
                    .on(courses::tenant_id.eq(content_items::tenant_id).and(courses::id.eq(content_items::course_id))),
            )
            .left_join(
                enrollments::table.on(enrollments::tenant_id
                    .eq(courses::tenant_id)
                    .and(enrollments::course_id.eq(courses::id))
                    .and(enrollments::user_id.eq(user))),
            )
            .filter(content_items::tenant_id.eq(tenant))
            .filter(content_items::id.eq(item))
            .select((
                Course::as_select(),
                ItemBrief::as_select(),
                (modules::release_at, modules::release_after_days, modules::available_until),
                content_items::is_published,
                (content_items::release_at, content_items::release_after_days, content_items::available_until),
                has_prerequisites,
                Option::<Standing>::as_select(),
            ))
            .first::<(Course, ItemBrief, Window, bool, Window, bool, Option<Standing>)>(conn)
            .await
            .optional()?;
        Ok(found.map(|(course, brief, module_window, is_published, window, has_prerequisites, standing)| Self {
            course,
            brief,
            standing,
            module_window,
            item: ItemGate { is_published, window },
            has_prerequisites,
        }))
    }

    /// What is decided about it. Whoever runs the course sees all of it at once, and learns it like
    /// everybody else.
    pub(super) async fn decide(&self, conn: &mut Conn, user: UserId, now: DateTime<Utc>) -> Result<Decision, Error> {
        let mut access = Access::of_course(&self.course, (user, UserRole::Learner), self.standing, now);
        if self.has_prerequisites {
            access.load_prerequisites(conn, &self.course, user).await?;
        }
        Ok(access.item(ModuleGate { id: self.brief.module_id, window: self.module_window }, self.item))
    }

    /// How the learner stands to the course, if the item is open to them.
    pub(super) async fn admit(
        &self,
        conn: &mut Conn,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Standing, EnrollmentError> {
        let decision = self.decide(conn, user, now).await?;
        if decision.hides() {
            return Err(EnrollmentError::NoSuchItem);
        }
        match self.standing {
            None => Err(EnrollmentError::NotEnrolled),
            Some(standing) if !standing.takes_part(now) => Err(EnrollmentError::NotActive(standing.status)),
            Some(standing) if decision.is_allowed() => Ok(standing),
            Some(_) => Err(EnrollmentError::Locked(decision.reasons)),
        }
    }
}
