//! How what stands in the way of learning is told.

use shared::enrollments::EnrollmentError;

use crate::courses::capitalised;
use crate::http::ApiError;

impl From<EnrollmentError> for ApiError {
    fn from(error: EnrollmentError) -> Self {
        let message = capitalised(&error);
        let conflict = |code| Self::Conflict { code, message: message.clone() };
        match error {
            EnrollmentError::CourseNotOpen => conflict("course_not_open"),
            EnrollmentError::PrerequisitesUnmet(_) => conflict("prerequisites_unmet"),
            EnrollmentError::NotPending => conflict("not_pending"),
            EnrollmentError::NoEnd => conflict("no_end"),
            EnrollmentError::NotCancellable => conflict("not_cancellable"),
            EnrollmentError::NotActive(_) => conflict("enrollment_not_active"),
            EnrollmentError::Locked(_) => conflict("content_locked"),
            EnrollmentError::NoSuchCourse => Self::field("course", message),
            EnrollmentError::NoSuchUser => Self::field("user", message),
            EnrollmentError::NoSuchGroup => Self::field("group", message),
            EnrollmentError::NoSuchItem => Self::field("content_item", message),
            EnrollmentError::NotEnrolled => Self::Forbidden(message.into()),
            EnrollmentError::OddDetail { word, .. } => Self::field(format!("progress_details.{word}"), message),
            EnrollmentError::DetailsTooLarge => Self::field("progress_details", message),
            EnrollmentError::Database(error) => error.into(),
        }
    }
}
