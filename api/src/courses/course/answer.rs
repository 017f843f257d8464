//! Courses as they are answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::courses::{
    Course, CourseLink, CourseRow, CourseStatus, DifficultyLevel, EnrollmentStatus, UnmetPrerequisite,
};
use shared::ids::{CourseId, EnrollmentId, TenantId, UserId};
use shared::users::Person;
use utoipa::ToSchema;

use crate::courses::fields::Price;
use crate::courses::module::ModuleOut;
use crate::courses::prerequisite::PrerequisiteOut;

/// Who teaches a course.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Instructor)]
pub struct InstructorOut {
    id: UserId,
    #[schema(example = "John")]
    first_name: String,
    #[schema(example = "Smith")]
    last_name: String,
    #[schema(example = "John Smith")]
    full_name: String,
    avatar_url: Option<String>,
}

impl From<Person> for InstructorOut {
    fn from(person: Person) -> Self {
        let full_name = person.full_name();
        // The e-mail is between the instructor and the tenant's administrators.
        let Person { id, email: _, first_name, last_name, avatar_url } = person;
        Self { id, first_name, last_name, full_name, avatar_url }
    }
}

/// A course, and how the caller takes part in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Course)]
pub struct CourseOut {
    id: CourseId,
    #[schema(example = "Advanced Python")]
    title: String,
    /// Stands for the id in addresses; stays when the title changes.
    #[schema(example = "advanced-python")]
    slug: String,
    #[schema(example = "Deep dive into Python")]
    description: String,
    #[schema(example = "programming")]
    category: String,
    #[schema(inline)]
    difficulty_level: DifficultyLevel,
    #[schema(example = "Advanced")]
    difficulty_level_display: &'static str,
    /// In hours.
    #[schema(example = 40)]
    estimated_duration: i32,
    /// With two decimals.
    #[schema(value_type = String, example = "49.90")]
    price: Price,
    is_free: bool,
    /// Enrolling oneself waits for an approval.
    requires_approval: bool,
    #[schema(value_type = Vec<String>, example = json!(["Write decorators"]))]
    learning_objectives: Value,
    #[schema(value_type = Vec<String>, example = json!(["python"]))]
    tags: Value,
    thumbnail: Option<String>,
    tenant: TenantId,
    #[schema(example = "Acme Learning")]
    tenant_name: String,
    instructor: Option<InstructorOut>,
    #[schema(inline)]
    status: CourseStatus,
    #[schema(example = "Published")]
    status_display: &'static str,
    /// When it was first published.
    published_at: Option<DateTime<Utc>>,
    module_count: i64,
    /// How many take part: active or completed.
    enrollment_count: i64,
    /// Whether the caller takes part.
    is_enrolled: bool,
    /// The caller's enrollment, while they take part.
    enrollment_id: Option<EnrollmentId>,
    /// How the caller's enrollment stands, if there is one.
    #[schema(inline)]
    enrollment_status: Option<EnrollmentStatus>,
    /// How far the caller is.
    progress_percentage: Option<i16>,
    /// For `If-Match`.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl CourseOut {
    /// A course as it is at this instant.
    pub(super) fn at(now: DateTime<Utc>, row: CourseRow) -> Self {
        let CourseRow { course, tenant_name, instructor, module_count, enrollment_count, standing } = row;
        let Course {
            id,
            tenant_id,
            title,
            slug,
            description,
            category,
            difficulty_level,
            estimated_duration,
            price_cents,
            is_free,
            requires_approval,
            learning_objectives,
            tags,
            thumbnail,
            instructor_id: _,
            status,
            published_at,
            version,
            created_at,
            updated_at,
        } = course;
        let takes_part = standing.filter(|standing| standing.takes_part(now));
        Self {
            id,
            title,
            slug,
            description,
            category,
            difficulty_level,
            difficulty_level_display: match difficulty_level {
                DifficultyLevel::Beginner => "Beginner",
                DifficultyLevel::Intermediate => "Intermediate",
                DifficultyLevel::Advanced => "Advanced",
            },
            estimated_duration,
            price: Price(price_cents),
            is_free,
            requires_approval,
            learning_objectives,
            tags,
            thumbnail,
            tenant: tenant_id,
            tenant_name,
            instructor: instructor.map(InstructorOut::from),
            status,
            status_display: match status {
                CourseStatus::Draft => "Draft",
                CourseStatus::Published => "Published",
                CourseStatus::Archived => "Archived",
            },
            published_at,
            module_count,
            enrollment_count,
            is_enrolled: takes_part.is_some(),
            enrollment_id: takes_part.map(|standing| standing.id),
            enrollment_status: standing.map(|standing| standing.status),
            progress_percentage: takes_part.map(|standing| standing.progress),
            version,
            created_at,
            updated_at,
        }
    }
}

/// A required course in which the caller is not far enough. A draft is required like others, and has no
/// name for those who do not run the course that asks for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = UnmetCourse)]
pub struct UnmetCourseOut {
    id: Option<CourseId>,
    title: Option<String>,
    slug: Option<String>,
    /// `not_enrolled` or `not_completed`.
    #[schema(example = "not_completed")]
    reason: &'static str,
    current_progress: Option<i16>,
    required_completion: i16,
}

impl From<UnmetPrerequisite> for UnmetCourseOut {
    fn from(unmet: UnmetPrerequisite) -> Self {
        let UnmetPrerequisite { course, progress, required } = unmet;
        let (id, title, slug) = match course {
            Some(CourseLink { id, title, slug }) => (Some(id), Some(title), Some(slug)),
            None => (None, None, None),
        };
        Self {
            id,
            title,
            slug,
            reason: if progress.is_some() { "not_completed" } else { "not_enrolled" },
            current_progress: progress,
            required_completion: required,
        }
    }
}

/// Whether the caller has learned what a course asks for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PrerequisitesMet)]
pub struct PrerequisitesMetOut {
    met: bool,
    unmet_count: usize,
    unmet_courses: Vec<UnmetCourseOut>,
}

impl From<Vec<UnmetPrerequisite>> for PrerequisitesMetOut {
    fn from(unmet: Vec<UnmetPrerequisite>) -> Self {
        Self {
            met: unmet.is_empty(),
            unmet_count: unmet.len(),
            unmet_courses: unmet.into_iter().map(UnmetCourseOut::from).collect(),
        }
    }
}

/// A course with what is in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CourseDetail)]
pub struct CourseDetailOut {
    #[serde(flatten)]
    pub(super) course: CourseOut,
    /// In order, each with its items.
    pub(super) modules: Vec<ModuleOut>,
    pub(super) prerequisites_list: Vec<PrerequisiteOut>,
    pub(super) prerequisites_met: PrerequisitesMetOut,
}
