//! What is new in a course, and who is told of it: those who take part then, as far as it is open to
//! them then.
//!
//! The news of an hour are told together when it is over. A course that is edited for an afternoon
//! tells its learners a few times, and whoever publishes by mistake has a while to take it back.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::jobs::ContentPublished;
use super::module_prerequisite::ModulePrerequisite;
use super::{Access, ContentItem, Course, CourseStatus, ItemGate, ModuleGate, Standing, TakesPartAt, Window};
use crate::db::schema::{content_items, enrollments, module_prerequisites, modules, users};
use crate::db::{Conn, Error};
use crate::ids::{CourseId, ModuleId, TenantId, UserId};
use crate::jobs::{JobOptions, enqueue_with};
use crate::users::UserStatus;

/// When an item was published for the first time, if it is to be published or not now. Of one that
/// was published before this was noted, it is not known: some time ago.
pub(super) fn first_published(before: &ContentItem, is_published: bool, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let known = before.first_published_at.or(before.is_published.then_some(before.updated_at));
    known.or(is_published.then_some(now))
}

/// Has the learners of a published course told of an item that is published for the first time.
pub(super) async fn tell_of(
    conn: &mut Conn,
    course: &Course,
    before: Option<&ContentItem>,
    after: &ContentItem,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let was_seen = before.is_some_and(|before| before.is_published || before.first_published_at.is_some());
    if was_seen || !after.is_published || course.status != CourseStatus::Published {
        return Ok(());
    }
    let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
    let job = ContentPublished { tenant_id: course.tenant_id, course_id: course.id, hour, after: None };
    enqueue_with(conn, &job, JobOptions { run_at: Some(job.due_at()), ..JobOptions::default() }).await?;
    Ok(())
}

/// The items of a published course that were published for the first time in an hour, and still are.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentNews {
    pub course: Course,
    items: Vec<NewItem>,
    /// Whether modules come before theirs: most have none, and then nobody asks how far one is.
    has_prerequisites: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct NewItem {
    title: String,
    published_at: DateTime<Utc>,
    module: ModuleGate,
    gate: ItemGate,
}

/// Some of those who take part, by what there is to tell them.
#[derive(Debug, Clone, PartialEq)]
pub struct NewsTurn<'a> {
    /// The titles that are open to them, in the course's order, and to whom.
    pub told: BTreeMap<Vec<&'a str>, Vec<UserId>>,
    /// Behind whom the next turn goes on, if there is one.
    pub next: Option<UserId>,
}

impl ContentNews {
    /// The news of an hour; none when nothing of it is there to be seen any more.
    pub async fn find(
        conn: &mut Conn,
        tenant: TenantId,
        course: CourseId,
        hour: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        let course = Course::find(conn, tenant, course).await?;
        let Some(course) = course.filter(|course| course.status == CourseStatus::Published) else { return Ok(None) };
        // What a course opens with is no news.
        let since = course.published_at.map_or(hour, |opened| opened.max(hour));
        let found = content_items::table
            .inner_join(modules::table)
            .filter(content_items::tenant_id.eq(tenant))
            .filter(content_items::course_id.eq(course.id))
            .filter(content_items::is_published)
            .filter(content_items::first_published_at.ge(since))
            .filter(content_items::first_published_at.lt(hour + TimeDelta::hours(1)))
            .order((modules::position, modules::id, content_items::position, content_items::id))
            .select((
                content_items::title,
                content_items::first_published_at.assume_not_null(),
                modules::id,
                (modules::release_at, modules::release_after_days, modules::available_until),
                (content_items::release_at, content_items::release_after_days, content_items::available_until),
            ))
            .load::<(String, DateTime<Utc>, ModuleId, Window, Window)>(conn)
            .await?;
        let item = |(title, published_at, id, module, window)| NewItem {
            title,
            published_at,
            module: ModuleGate { id, window: module },
            gate: ItemGate { is_published: true, window },
        };
        let items: Vec<_> = found.into_iter().map(item).collect();
        if items.is_empty() {
            return Ok(None);
        }
        let in_their_way = module_prerequisites::table.filter(module_prerequisites::tenant_id.eq(tenant)).filter(
            module_prerequisites::module_id.eq_any(items.iter().map(|item| item.module.id).collect::<Vec<_>>()),
        );
        let has_prerequisites = select(exists(in_their_way)).get_result(conn).await?;
        Ok(Some(Self { course, items, has_prerequisites }))
    }

    /// The next `most` of those who take part now, behind `after`, with what of the news is open to
    /// them. Who would find none of it open is not told.
    pub async fn turn(
        &self,
        conn: &mut Conn,
        after: Option<UserId>,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<NewsTurn<'_>, Error> {
        let learners = self.learners(conn, after, most, now).await?;
        let last = learners.last().map(|(user, _)| *user);
        let next = last.filter(|_| learners.len() == most);
        let mut before = HashMap::new();
        if self.has_prerequisites {
            let people: Vec<UserId> = learners.iter().map(|(user, _)| *user).collect();
            before = ModulePrerequisite::of_people(conn, &self.course, &people).await?;
        }
        let access = Access::of_learners(&self.course, &learners, before, now);
        let mut told = BTreeMap::<Vec<&str>, Vec<UserId>>::new();
        for ((user, standing), access) in learners.into_iter().zip(&access) {
            let titles = self.open_to(access, standing);
            if !titles.is_empty() {
                told.entry(titles).or_default().push(user);
            }
        }
        Ok(NewsTurn { told, next })
    }

    async fn learners(
        &self,
        conn: &mut Conn,
        after: Option<UserId>,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<(UserId, Standing)>, Error> {
        let mut learners = enrollments::table
            .inner_join(users::table)
            .filter(enrollments::tenant_id.eq(self.course.tenant_id))
            .filter(enrollments::course_id.eq(self.course.id))
            .filter(TakesPartAt(now))
            .filter(users::status.eq(UserStatus::Active))
            .filter(users::is_active)
            .order(enrollments::user_id)
            .limit(i64::try_from(most).unwrap_or(i64::MAX))
            .select((enrollments::user_id, Standing::as_select()))
            .into_boxed();
        if let Some(after) = after {
            learners = learners.filter(enrollments::user_id.gt(after));
        }
        learners.load(conn).await
    }

    /// The titles of what a learner may open now, as everywhere decided by [`Access`].
    fn open_to(&self, access: &Access, standing: Standing) -> Vec<&str> {
        // Who came later has found it there.
        let new = self.items.iter().filter(|item| standing.since() <= item.published_at);
        let open = new.filter(|item| access.item(item.module, item.gate).is_allowed());
        open.map(|item| item.title.as_str()).collect()
    }
}
