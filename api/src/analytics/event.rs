//! What happened.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::analytics::{self, EventFilter, EventRow};
use shared::ids::{CourseId, EventId, UserId};
use shared::users::UserRole;
use utoipa::{IntoParams, ToSchema};

use super::ReadAnalytics;
use crate::access::Can;
use crate::http::{ApiResult, CourseRef, Db, LongListing, LongPaging, Query, dated};

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventOut {
    id: EventId,
    #[schema(example = "COURSE_COMPLETED")]
    event_type: String,
    /// Who did it, or to whom it happened; null when that person is gone.
    user: Option<EventUser>,
    /// In which course.
    course: Option<EventCourse>,
    /// Details.
    #[schema(value_type = Object)]
    context: Value,
    occurred_at: DateTime<Utc>,
}

/// The person of an event.
#[derive(Debug, Serialize, ToSchema)]
struct EventUser {
    id: UserId,
    email: String,
    full_name: String,
}

/// The course of an event.
#[derive(Debug, Serialize, ToSchema)]
struct EventCourse {
    id: CourseId,
    title: String,
    slug: String,
}

impl From<EventRow> for EventOut {
    fn from(row: EventRow) -> Self {
        let EventRow { id, event_type, user_id, user, course_id, course, context, occurred_at } = row;
        Self {
            id,
            event_type,
            user: user_id.zip(user).map(|(id, (email, first, last))| EventUser {
                id,
                email,
                full_name: format!("{first} {last}").trim().to_owned(),
            }),
            course: course_id.zip(course).map(|(id, (title, slug))| EventCourse { id, title, slug }),
            context,
            occurred_at,
        }
    }
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListEvents {
    /// Of this kind, in any case.
    #[param(example = "COURSE_COMPLETED")]
    event_type: Option<String>,
    /// By this person.
    #[param(value_type = Option<Uuid>)]
    user: Option<UserId>,
    /// In this course, by id or slug.
    #[param(value_type = Option<String>)]
    course: Option<CourseRef>,
    /// Not before.
    #[serde(default, deserialize_with = "dated")]
    from: Option<DateTime<Utc>>,
    /// Before.
    #[serde(default, deserialize_with = "dated")]
    to: Option<DateTime<Utc>>,
}

/// List what happened, newest first: in the tenant for an administrator, in one's own courses for
/// an instructor.
#[utoipa::path(get, path = "/api/analytics/events/", tag = "analytics", params(LongPaging),
    responses((status = OK, body = LongListing<EventOut>)))]
pub async fn list_events(
    caller: Can<ReadAnalytics>,
    Query(ListEvents { event_type, user, course, from, to }): Query<ListEvents>,
    paging: LongPaging,
    db: Db,
) -> ApiResult<Json<LongListing<EventOut>>> {
    let (course, course_slug) = match course {
        Some(CourseRef::Id(id)) => (Some(id), None),
        Some(CourseRef::Slug(slug)) => (None, Some(slug)),
        None => (None, None),
    };
    let instructor = (caller.role != UserRole::Admin).then_some(caller.user);
    let filter = EventFilter { event_type, user, course, course_slug, instructor, from, until: to };
    let mut conn = db.conn().await?;
    Ok(paging.answer(analytics::list_events(&mut conn, caller.tenant(), &filter, paging.part()).await?))
}
