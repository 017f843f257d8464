//! The events themselves, for those who may look.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::db::schema::{courses, events, users};
use crate::db::{Conn, Error, Keyset, LongPage, Part};
use crate::ids::{CourseId, EventId, TenantId, UserId};

/// Something that happened, as lists show it.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct EventRow {
    pub id: EventId,
    pub event_type: String,
    pub user_id: Option<UserId>,
    /// The person's e-mail, first and last name.
    pub user: Option<(String, String, String)>,
    pub course_id: Option<CourseId>,
    /// The course's title and slug.
    pub course: Option<(String, String)>,
    pub context: Value,
    pub occurred_at: DateTime<Utc>,
}

/// Which events are meant; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this kind.
    pub event_type: Option<String>,
    /// By this person.
    pub user: Option<UserId>,
    /// In this course.
    pub course: Option<CourseId>,
    /// In the course with this slug.
    pub course_slug: Option<String>,
    /// In the courses of this instructor.
    pub instructor: Option<UserId>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}

/// A tenant's events, newest first.
pub async fn list_events(
    conn: &mut Conn,
    tenant: TenantId,
    filter: &EventFilter,
    part: Part,
) -> Result<LongPage<EventRow>, Error> {
    let matching = || {
        let mut query = events::table
            .left_join(users::table)
            .left_join(courses::table)
            .filter(events::tenant_id.eq(tenant))
            .into_boxed();
        if let Some(kind) = &filter.event_type {
            query = query.filter(events::event_type.eq(kind.to_ascii_uppercase()));
        }
        if let Some(user) = filter.user {
            query = query.filter(events::user_id.eq(user));
        }
        if let Some(course) = filter.course {
            query = query.filter(events::course_id.eq(course));
        }
        if let Some(slug) = &filter.course_slug {
            query = query.filter(courses::slug.eq(slug));
        }
        if let Some(instructor) = filter.instructor {
            query = query.filter(courses::instructor_id.eq(instructor));
        }
        if let Some(from) = filter.from {
            query = query.filter(events::occurred_at.ge(from));
        }
        if let Some(until) = filter.until {
            query = query.filter(events::occurred_at.lt(until));
        }
        query
    };
    let total = match part {
        Part::Numbered(_) => Some(matching().count().get_result(conn).await?),
        Part::Behind { .. } => None,
    };
    let mut rows = matching();
    if let Some(Keyset { at, id }) = part.last() {
        // The first condition says what the second one does, so that an index can begin there.
        let behind = events::occurred_at.lt(at).or(events::id.lt(EventId(id)));
        rows = rows.filter(events::occurred_at.le(at)).filter(behind);
    }
    let items = rows
        .order((events::occurred_at.desc(), events::id.desc()))
        .limit(part.limit())
        .offset(part.offset())
        .select((
            events::id,
            events::event_type,
            events::user_id,
            (users::email, users::first_name, users::last_name).nullable(),
            events::course_id,
            (courses::title, courses::slug).nullable(),
            events::context,
            events::occurred_at,
        ))
        .load(conn)
        .await?;
    Ok(LongPage::of(part, items, total, |event: &EventRow| Keyset { at: event.occurred_at, id: event.id.0 }))
}
