//! How what stands in the way of a change is told.

use shared::courses::CourseError;

use crate::http::ApiError;

impl From<CourseError> for ApiError {
    fn from(error: CourseError) -> Self {
        let message = capitalised(&error);
        let conflict = |code| Self::Conflict { code, message: message.clone() };
        match error {
            CourseError::AlreadyPublished => conflict("already_published"),
            CourseError::AlreadyArchived => conflict("already_archived"),
            CourseError::NotArchived => conflict("not_archived"),
            CourseError::InUse => conflict("course_in_use"),
            CourseError::TooMany(_) => conflict("too_many"),
            CourseError::PrerequisiteTwice => conflict("prerequisite_exists"),
            CourseError::PrerequisiteCycle => conflict("prerequisite_cycle"),
            CourseError::Gone => Self::NotFound("course"),
            CourseError::Changed => Self::Changed,
            CourseError::NoSuchInstructor => Self::field("instructor_id", message),
            CourseError::ForeignModule(_) => Self::field("modules", message),
            CourseError::ForeignItem(_) => Self::field("content_items", message),
            CourseError::NoSuchPrerequisiteCourse => Self::field("prerequisite_course", message),
            CourseError::PrerequisiteElsewhere | CourseError::NoSuchPrerequisiteModule => {
                Self::field("prerequisite_module", message)
            }
            CourseError::WindowEmpty => Self::field("available_until", message),
            CourseError::Metadata(_) => Self::field("metadata", message),
            CourseError::UrlMissing => Self::field("external_url", message),
            CourseError::File(error) => error.into(),
            CourseError::Database(error) => error.into(),
        }
    }
}

/// An error's text as a sentence.
pub(crate) fn capitalised(error: &impl std::error::Error) -> String {
    sentence(error)
}

/// A text as a sentence.
pub(super) fn sentence(text: &impl std::fmt::Display) -> String {
    let text = text.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
