//! How a course's certificates are given.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::certificates::CertificateRule;
use shared::ids::CourseId;
use utoipa::ToSchema;

use super::WriteCourses;
use crate::access::Can;
use crate::app::App;
use crate::courses::{Action, visible_course};
use crate::http::{ApiResult, Body, CourseRef, Db, Path, Tagged, present};

/// How a course's certificates are given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CertificateRule)]
pub(super) struct CertificateRuleOut {
    course_id: CourseId,
    /// A certificate expires so many days after the completion or its last renewal; null for never.
    #[schema(example = 730)]
    valid_days: Option<i32>,
    updated_at: DateTime<Utc>,
}

impl From<CertificateRule> for CertificateRuleOut {
    fn from(CertificateRule { course_id, tenant_id: _, valid_days, version: _, updated_at }: CertificateRule) -> Self {
        Self { course_id, valid_days, updated_at }
    }
}

/// How a course's certificates are given.
#[utoipa::path(get, path = "/api/courses/{course}/certificate-rule/", tag = "certificates",
    params(("course" = String, Path, description = "The course's id or slug")),
    responses((status = OK, body = CertificateRuleOut)))]
pub async fn show_certificate_rule(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(name): Path<CourseRef>,
    db: Db,
) -> ApiResult<Tagged<CertificateRuleOut>> {
    let mut conn = db.conn().await?;
    let course = visible_course(&mut conn, &caller, &name, Action::Change).await?.course;
    let rule = CertificateRule::of(&mut conn, caller.tenant(), course.id, app.clock.now()).await?;
    Ok(Tagged(rule.version, rule.into()))
}

/// How a course's certificates shall be given.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetCertificateRule {
    /// 1 to 36525; null for ever.
    #[garde(inner(inner(range(min = 1, max = 36_525))))]
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<i32>, example = 730, required = true)]
    valid_days: Option<Option<i32>>,
}

/// Say how a course's certificates are given from now on. Those that were issued keep their day until they
/// are renewed.
#[utoipa::path(put, path = "/api/courses/{course}/certificate-rule/", tag = "certificates", request_body = SetCertificateRule,
    params(("course" = String, Path, description = "The course's id or slug")),
    responses((status = OK, body = CertificateRuleOut)))]
pub async fn set_certificate_rule(
    caller: Can<WriteCourses>,
    State(app): State<App>,
    Path(name): Path<CourseRef>,
    db: Db,
    Body(SetCertificateRule { valid_days }): Body<SetCertificateRule>,
) -> ApiResult<Tagged<CertificateRuleOut>> {
    let mut conn = db.conn().await?;
    let course = visible_course(&mut conn, &caller, &name, Action::Change).await?.course;
    let rule =
        CertificateRule::set(&mut conn, caller.tenant(), course.id, valid_days.flatten(), app.clock.now()).await?;
    Ok(Tagged(rule.version, rule.into()))
}
