//! Modules as they are answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::courses::{Module, SeenModule};
use shared::ids::{CourseId, ModuleId};
use utoipa::ToSchema;

use crate::courses::access::ReasonOut;
use crate::courses::content_item::ContentItemOut;
use crate::courses::module_prerequisite::{ModulePrerequisiteOut, ModulePrerequisitesMetOut};

/// A chapter of a course with its items.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Module)]
pub struct ModuleOut {
    id: ModuleId,
    course: CourseId,
    #[schema(example = "Decorators and Metaclasses")]
    title: String,
    #[schema(example = "Advanced Python patterns")]
    description: String,
    /// Its place in the course.
    #[schema(example = 1)]
    order: i32,
    /// It opens then for those who take part.
    release_at: Option<DateTime<Utc>>,
    /// It opens so many days after the learner began to take part.
    release_after_days: Option<i32>,
    /// It closes then.
    available_until: Option<DateTime<Utc>>,
    /// In order. Learners see the published ones, and their texts and links while nothing is in the way.
    content_items: Vec<ContentItemOut>,
    prerequisites_list: Vec<ModulePrerequisiteOut>,
    prerequisites_met: ModulePrerequisitesMetOut,
    /// Whether what is in its items is kept back.
    is_locked: bool,
    /// Why.
    reasons: Vec<ReasonOut>,
    /// For `If-Match`.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<SeenModule> for ModuleOut {
    fn from(seen: SeenModule) -> Self {
        let SeenModule { module, decision, prerequisites, unmet, items } = seen;
        let Module {
            id,
            tenant_id: _,
            course_id,
            title,
            description,
            position,
            version,
            created_at,
            updated_at,
            release_at,
            release_after_days,
            available_until,
        } = module;
        Self {
            id,
            course: course_id,
            title,
            description,
            order: position,
            release_at,
            release_after_days,
            available_until,
            content_items: items.into_iter().map(ContentItemOut::from).collect(),
            prerequisites_met: unmet.into_iter().collect(),
            prerequisites_list: prerequisites.into_iter().map(ModulePrerequisiteOut::from).collect(),
            is_locked: !decision.is_allowed(),
            reasons: ReasonOut::all(decision),
            version,
            created_at,
            updated_at,
        }
    }
}
