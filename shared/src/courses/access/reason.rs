//! Why somebody may not see something.

use chrono::{DateTime, Utc};

use crate::courses::UnmetPrerequisite;
use crate::ids::ModuleId;

/// Which part of a course is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Course,
    Module,
    Item,
}

/// A module by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleLink {
    pub id: ModuleId,
    pub title: String,
}

/// A module that has to be done first, and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetModule {
    /// None of a course that is a draft, for those who may not know of it.
    pub module: Option<ModuleLink>,
    /// Required items that are done.
    pub done: i64,
    /// Required items in all.
    pub required: i64,
}

/// One thing that stands in the way. Each has a cause of its own, and goes when that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The course or the item is a draft.
    NotPublished(Part),
    /// The course is closed to those who do not take part.
    CourseArchived,
    /// They are not enrolled.
    NotEnrolled,
    /// Their enrollment waits for an approval.
    EnrollmentPending,
    /// Their enrollment was ended.
    EnrollmentCancelled,
    /// Their enrollment is over since then.
    EnrollmentExpired(Option<DateTime<Utc>>),
    /// To enroll they would have to know another course.
    PrerequisiteCourse(UnmetPrerequisite),
    /// It opens later.
    NotReleased(Part, DateTime<Utc>),
    /// It has closed.
    NoLongerAvailable(Part, DateTime<Utc>),
    /// Another module comes first.
    PrerequisiteModule(UnmetModule),
}

impl Reason {
    /// Whether what it is about does not exist for them: not even its title is shown.
    pub const fn hides(&self) -> bool {
        matches!(self, Self::NotPublished(_) | Self::CourseArchived)
    }

    /// For programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotPublished(_) => "NOT_PUBLISHED",
            Self::CourseArchived => "COURSE_ARCHIVED",
            Self::NotEnrolled => "NOT_ENROLLED",
            Self::EnrollmentPending => "ENROLLMENT_PENDING",
            Self::EnrollmentCancelled => "ENROLLMENT_CANCELLED",
            Self::EnrollmentExpired(_) => "ENROLLMENT_EXPIRED",
            Self::PrerequisiteCourse(_) => "PREREQUISITE_COURSE",
            Self::NotReleased(..) => "NOT_RELEASED",
            Self::NoLongerAvailable(..) => "NO_LONGER_AVAILABLE",
            Self::PrerequisiteModule(_) => "PREREQUISITE_MODULE",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Course => "course",
            Self::Module => "module",
            Self::Item => "item",
        })
    }
}

/// For people.
impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotPublished(part) => write!(f, "the {part} is not published"),
            Self::CourseArchived => f.write_str("the course is archived"),
            Self::NotEnrolled => f.write_str("enroll in the course first"),
            Self::EnrollmentPending => f.write_str("the enrollment waits for an approval"),
            Self::EnrollmentCancelled => f.write_str("the enrollment was cancelled"),
            Self::EnrollmentExpired(Some(end)) => write!(f, "the enrollment is over since {}", day(*end)),
            Self::EnrollmentExpired(None) => f.write_str("the enrollment is over"),
            Self::PrerequisiteCourse(unmet) => match &unmet.course {
                Some(course) => write!(f, "first complete the course “{}”", course.title),
                None => f.write_str("first complete a course that is not published yet"),
            },
            Self::NotReleased(part, at) => write!(f, "the {part} opens on {}", day(*at)),
            Self::NoLongerAvailable(part, since) => write!(f, "the {part} has closed on {}", day(*since)),
            Self::PrerequisiteModule(UnmetModule { module, done, required }) => match module {
                Some(ModuleLink { title, .. }) => {
                    write!(f, "first complete the module “{title}”: {done} of {required} are done")
                }
                None => f.write_str("first complete a module of a course that is not published yet"),
            },
        }
    }
}

fn day(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%-d %B %Y at %H:%M UTC")
}
