//! Every mail that is sent, with what it needs to know.

use serde::Serialize;

/// A mail's kind and contents. Where the reader is sent to is `link`, in all of them.
///
/// Links are absolute, or paths of the frontend (`/learner/courses/…`), which
/// [`render`](super::render) completes. A field that a template uses and a variant lacks is an
/// error, which the tests look for in every template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Mail<'a> {
    /// The way back in for one who forgot the password.
    PasswordReset { link: &'a str, expires_minutes: u32 },
    /// A place in a tenant, waiting to be taken.
    Invitation { inviter_name: &'a str, role: &'a str, link: &'a str, expires_days: u32 },
    /// After a change of password. `link` leads to where another one can be asked for.
    PasswordChanged { changed_at: &'a str, link: &'a str },
    /// A course has a new learner.
    CourseEnrollment { course_title: &'a str, instructor_name: Option<&'a str>, link: &'a str },
    /// A learner has come to a course's end.
    CourseCompletion { course_title: &'a str, link: &'a str },
    /// A certificate can be downloaded at `link`, and verified by anyone at `verify_link`.
    CertificateIssued { course_title: &'a str, code: &'a str, link: &'a str, verify_link: &'a str },
    /// Something is due soon; `due` is written out, in the reader's time.
    DeadlineReminder { item_title: &'a str, course_title: &'a str, due: &'a str, link: &'a str },
    /// A course has grown.
    NewContentAvailable { course_title: &'a str, content_title: &'a str, link: &'a str },
    /// Words of an instructor or an administrator to many.
    Announcement { title: &'a str, message: &'a str, author_name: Option<&'a str>, link: Option<&'a str> },
    /// To the instructor: there is something to grade.
    AssessmentSubmission { learner_name: &'a str, assessment_title: &'a str, course_title: &'a str, link: &'a str },
    /// To the learner: it was graded. `score` is written out, such as `17 of 20`.
    AssessmentGraded {
        assessment_title: &'a str,
        course_title: &'a str,
        score: &'a str,
        passed: Option<bool>,
        feedback: Option<&'a str>,
        link: &'a str,
    },
    /// To administrators: something needs a person.
    SystemAlert { title: &'a str, severity: &'a str, message: &'a str, link: Option<&'a str> },
    /// Any other notification; `title` is the subject.
    Notification { title: &'a str, message: &'a str, link: Option<&'a str>, link_label: Option<&'a str> },
}

impl Mail<'_> {
    /// The folder of its templates.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::PasswordReset { .. } => "password_reset",
            Self::Invitation { .. } => "invitation",
            Self::PasswordChanged { .. } => "password_changed",
            Self::CourseEnrollment { .. } => "course_enrollment",
            Self::CourseCompletion { .. } => "course_completion",
            Self::CertificateIssued { .. } => "certificate_issued",
            Self::DeadlineReminder { .. } => "deadline_reminder",
            Self::NewContentAvailable { .. } => "new_content_available",
            Self::Announcement { .. } => "announcement",
            Self::AssessmentSubmission { .. } => "assessment_submission",
            Self::AssessmentGraded { .. } => "assessment_graded",
            Self::SystemAlert { .. } => "system_alert",
            Self::Notification { .. } => "notification",
        }
    }

    /// Whether the reader may switch it off. The account's own mails always come.
    pub(super) fn notifies(&self) -> bool {
        !matches!(self, Self::PasswordReset { .. } | Self::Invitation { .. } | Self::PasswordChanged { .. })
    }
}
