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
    /// A course has grown: by `content_title`, which may name several.
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
    /// Somebody has replied in a discussion; `message` is how the reply begins.
    DiscussionReply {
        author_name: &'a str,
        thread_title: &'a str,
        course_title: &'a str,
        message: &'a str,
        link: &'a str,
    },
    /// What could wait, summed up: `count` in all, of which `more` are not named.
    Digest { count: usize, items: &'a [DigestItem<'a>], more: usize, link: &'a str },
    /// Any other notification; `title` is the subject.
    Notification { title: &'a str, message: &'a str, link: Option<&'a str>, link_label: Option<&'a str> },
}

/// A notification as a digest names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DigestItem<'a> {
    /// Its subject.
    pub title: &'a str,
    /// Where it leads.
    pub link: Option<&'a str>,
}

impl Mail<'_> {
    /// What it is called, and the folder of its templates.
    pub fn name(&self) -> &'static str {
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
            Self::DiscussionReply { .. } => "discussion_reply",
            Self::Digest { .. } => "digest",
            Self::Notification { .. } => "notification",
        }
    }

    /// One of each kind for which a tenant may have its own words, with made-up contents. A digest
    /// is none: a list cannot be said in names alone.
    pub fn samples() -> [Mail<'static>; 14] {
        let (course_title, link) = ("Python Programming Fundamentals", "/learner/courses/python");
        let (assessment_title, title) = ("Final Quiz", "Maintenance on Sunday");
        let message = "The platform is away between two and four o'clock.";
        let instructor_name = Some("John Smith");
        [
            Mail::PasswordReset { link, expires_minutes: 60 },
            Mail::Invitation { inviter_name: "Sarah Johnson", role: "learner", link, expires_days: 7 },
            Mail::PasswordChanged { changed_at: "5 January 2026, 09:00 UTC", link },
            Mail::CourseEnrollment { course_title, instructor_name, link },
            Mail::CourseCompletion { course_title, link },
            Mail::CertificateIssued { course_title, code: "01935b7e-2c1f-7d3a-8f60", link, verify_link: link },
            Mail::DeadlineReminder { item_title: assessment_title, course_title, due: "tomorrow at 17:00", link },
            Mail::NewContentAvailable { course_title, content_title: "Decorators", link },
            Mail::Announcement { title, message, author_name: instructor_name, link: Some(link) },
            Mail::AssessmentSubmission { learner_name: "Alice Williams", assessment_title, course_title, link },
            Mail::AssessmentGraded {
                assessment_title,
                course_title,
                score: "17 of 20",
                passed: Some(true),
                feedback: Some("Well done."),
                link,
            },
            Mail::SystemAlert { title, severity: "high", message, link: Some(link) },
            Mail::DiscussionReply {
                author_name: "Bob Brown",
                thread_title: "Where do I begin?",
                course_title,
                message: "Begin at the beginning.",
                link,
            },
            Mail::Notification { title, message, link: Some(link), link_label: None },
        ]
    }

    /// Whether the reader may switch it off. The account's own mails always come.
    pub(super) fn notifies(&self) -> bool {
        !matches!(self, Self::PasswordReset { .. } | Self::Invitation { .. } | Self::PasswordChanged { .. })
    }
}
