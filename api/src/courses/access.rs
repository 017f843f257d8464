//! Why somebody sees something or does not, over HTTP.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::courses::{Access, Course, CourseKey, Decision, ExplainedItem, ExplainedModule, Part, Reason};
use shared::db::Conn;
use shared::ids::{ContentItemId, ModuleId, UserId};
use shared::users::User;
use utoipa::{IntoParams, ToSchema};

use super::ReadCourses;
use super::course::UnmetCourseOut;
use super::module_prerequisite::UnmetModuleOut;
use super::policy::{self, Action, Seen};
use crate::access::Can;
use crate::http::{ApiError, ApiResult, CourseRef, Db, Path, Query, dated};

/// One thing that stands between somebody and some content.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AccessReason)]
pub struct ReasonOut {
    /// `NOT_PUBLISHED`, `COURSE_ARCHIVED`, `NOT_ENROLLED`, `ENROLLMENT_PENDING`, `ENROLLMENT_CANCELLED`,
    /// `ENROLLMENT_EXPIRED`, `PREREQUISITE_COURSE`, `NOT_RELEASED`, `NO_LONGER_AVAILABLE` or
    /// `PREREQUISITE_MODULE`.
    #[schema(example = "NOT_RELEASED")]
    code: &'static str,
    /// For people.
    #[schema(example = "The module opens on 1 September 2026 at 09:00 UTC.")]
    message: String,
    /// Of which part it is said: `course`, `module` or `item`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "module")]
    part: Option<String>,
    /// When it opens, or since when it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<DateTime<Utc>>,
    /// The course that comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    course: Option<UnmetCourseOut>,
    /// The module that comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<UnmetModuleOut>,
}

impl ReasonOut {
    /// The reasons of a decision.
    pub(crate) fn all(decision: Decision) -> Vec<Self> {
        decision.reasons.into_iter().map(Self::from).collect()
    }
}

impl From<Reason> for ReasonOut {
    fn from(reason: Reason) -> Self {
        let (code, message) = (reason.code(), super::error::sentence(&reason));
        let plain = Self { code, message, part: None, at: None, course: None, module: None };
        let of = |part: Part, at| Self { part: Some(part.to_string()), at, ..plain.clone() };
        match reason {
            Reason::CourseArchived | Reason::NotEnrolled | Reason::EnrollmentPending | Reason::EnrollmentCancelled => {
                plain
            }
            Reason::EnrollmentExpired(at) => Self { at, ..plain },
            Reason::NotPublished(part) => of(part, None),
            Reason::NotReleased(part, at) | Reason::NoLongerAvailable(part, at) => of(part, Some(at)),
            Reason::PrerequisiteCourse(unmet) => Self { course: Some(unmet.into()), ..plain },
            Reason::PrerequisiteModule(unmet) => Self { module: Some(unmet.into()), ..plain },
        }
    }
}

/// Whether somebody may see an item.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ItemAccess)]
pub struct ItemAccessOut {
    id: ContentItemId,
    title: String,
    is_allowed: bool,
    reasons: Vec<ReasonOut>,
}

/// Whether somebody may see what is in a module.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ModuleAccess)]
pub struct ModuleAccessOut {
    id: ModuleId,
    title: String,
    is_allowed: bool,
    reasons: Vec<ReasonOut>,
    items: Vec<ItemAccessOut>,
}

/// Whether somebody may see what is in a course at an instant, and why not.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CourseAccess)]
pub struct CourseAccessOut {
    user: UserId,
    at: DateTime<Utc>,
    /// Whether anything in the course may be open to them.
    is_allowed: bool,
    reasons: Vec<ReasonOut>,
    modules: Vec<ModuleAccessOut>,
}

impl From<ExplainedModule> for ModuleAccessOut {
    fn from(module: ExplainedModule) -> Self {
        let ExplainedModule { id, title, decision, items } = module;
        let is_allowed = decision.is_allowed();
        let items = items.into_iter().map(ItemAccessOut::from).collect();
        Self { id, title, is_allowed, reasons: ReasonOut::all(decision), items }
    }
}

impl From<ExplainedItem> for ItemAccessOut {
    fn from(item: ExplainedItem) -> Self {
        let ExplainedItem { id, title, decision } = item;
        Self { id, title, is_allowed: decision.is_allowed(), reasons: ReasonOut::all(decision) }
    }
}

/// Of whom and when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhoAndWhen {
    /// Somebody of the tenant; for whoever runs the course. The caller when left out.
    #[param(value_type = Option<String>)]
    user: Option<UserId>,
    /// An instant, with everything else as it is now; for whoever runs the course. Now when left out.
    #[param(value_type = Option<String>, example = "2026-09-01T09:00:00Z")]
    #[serde(default, deserialize_with = "dated")]
    at: Option<DateTime<Utc>>,
}

/// Tell what in a course the caller may see, and why not the rest; for whoever runs the course, of
/// anybody at any time.
#[utoipa::path(get, path = "/api/courses/{course}/access/", tag = "courses",
    params(("course" = String, Path, description = "Its id or slug"), WhoAndWhen),
    responses((status = OK, body = CourseAccessOut)))]
pub async fn show_access(
    caller: Can<ReadCourses>,
    Path(named): Path<CourseRef>,
    Query(wanted): Query<WhoAndWhen>,
    db: Db,
) -> ApiResult<Json<CourseAccessOut>> {
    let mut conn = db.conn().await?;
    let seen = policy::course(&mut conn, &caller, &named, Action::See).await?;
    let is_own_question = wanted.user.is_none_or(|user| user == caller.user) && wanted.at.is_none();
    if !is_own_question && !seen.runs {
        return Err(ApiError::Forbidden("Of others, and of other times, only who runs the course may ask.".into()));
    }
    let (user, access) = facts(&mut conn, &caller, &seen, &wanted).await?;
    // Whoever runs the course reads of its drafts, too.
    let modules = access.explain(&mut conn, &seen.course, seen.runs).await?;
    let decision = access.course();
    Ok(Json(CourseAccessOut {
        user,
        at: access.at,
        is_allowed: decision.is_allowed(),
        reasons: ReasonOut::all(decision),
        modules: modules.into_iter().map(ModuleAccessOut::from).collect(),
    }))
}

/// Of whom is asked, and what decides about them then.
async fn facts<N>(conn: &mut Conn, caller: &Can<N>, seen: &Seen, wanted: &WhoAndWhen) -> ApiResult<(UserId, Access)> {
    let at = wanted.at.unwrap_or(caller.at);
    let (person, standing) = match wanted.user.filter(|user| *user != caller.user) {
        None => ((caller.user, caller.role), seen.standing),
        Some(user) => {
            let found = User::find(conn, caller.tenant(), user).await?.ok_or(ApiError::NotFound("user"))?;
            let key = CourseKey::Id(seen.course.id);
            let standing = Course::find_with_standing(conn, caller.tenant(), key, user).await?;
            ((user, found.role), standing.and_then(|(_, standing)| standing))
        }
    };
    Ok((person.0, Access::load(conn, &seen.course, person, standing, at).await?))
}
