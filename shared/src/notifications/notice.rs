//! What notifications say: every kind that the server itself tells of, with its words, in one place.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::NotificationType;
use crate::ids::ThreadId;

/// Something to tell, with the names that it speaks of. They are kept with the notification, so
/// that its mail says the same as the screen whenever it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Notice {
    /// A course has a new learner.
    CourseEnrollment {
        /// Its title.
        course_title: String,
        /// For the address of its page.
        course_slug: String,
        /// Who teaches it.
        instructor_name: Option<String>,
    },
    /// A learner has come to a course's end.
    CourseCompletion {
        /// Its title.
        course_title: String,
        /// For the address of its page.
        course_slug: String,
    },
    /// A certificate can be downloaded.
    CertificateIssued {
        /// What was completed.
        course_title: String,
        /// For the address at which it is verified.
        code: Uuid,
    },
    /// A certificate will not count much longer.
    CertificateExpires {
        /// What was completed.
        course_title: String,
        /// By which it is verified.
        code: Uuid,
        /// The last day, in UTC as on the certificate.
        expires_on: NaiveDate,
    },
    /// There is something new in a course.
    NewContentAvailable {
        /// The course's title.
        course_title: String,
        /// For the address of its page.
        course_slug: String,
        /// What is new, the first few of it.
        titles: Vec<String>,
        /// How much more there is.
        more: usize,
    },
    /// Words of an administrator or an instructor.
    Announcement {
        /// What they are about.
        title: String,
        /// They; kept as the notification's message and not a second time.
        #[serde(skip)]
        message: String,
        /// Whose.
        author_name: Option<String>,
        /// Of the course that they are for.
        course_slug: Option<String>,
    },
    /// Somebody has replied in a discussion that one follows.
    DiscussionReply {
        /// The thread's title.
        thread_title: String,
        /// For the address of its page.
        thread: ThreadId,
        /// The course's title.
        course_title: String,
        /// For the address of its page.
        course_slug: String,
        /// Who has replied.
        author_name: String,
        /// How the reply begins.
        beginning: String,
    },
}

impl Notice {
    /// Its type, by which people choose what they want to hear of.
    pub const fn kind(&self) -> NotificationType {
        match self {
            Self::CourseEnrollment { .. } => NotificationType::CourseEnrollment,
            Self::CourseCompletion { .. } => NotificationType::CourseCompletion,
            Self::CertificateIssued { .. } => NotificationType::CertificateIssued,
            Self::CertificateExpires { .. } => NotificationType::DeadlineReminder,
            Self::NewContentAvailable { .. } => NotificationType::NewContentAvailable,
            Self::Announcement { .. } => NotificationType::Announcement,
            Self::DiscussionReply { .. } => NotificationType::DiscussionReply,
        }
    }

    /// Whether it is told at once, also at night: by its type, but a month is no hurry.
    pub const fn is_urgent(&self) -> bool {
        self.kind().is_urgent() && !matches!(self, Self::CertificateExpires { .. })
    }

    /// The line in a list.
    pub fn subject(&self) -> String {
        match self {
            Self::CourseEnrollment { course_title, .. } => format!("You are enrolled in {course_title}"),
            Self::CourseCompletion { course_title, .. } => format!("You completed {course_title}"),
            Self::CertificateIssued { course_title, .. } => format!("Your certificate for {course_title}"),
            Self::CertificateExpires { course_title, .. } => format!("Your certificate for {course_title} expires"),
            Self::NewContentAvailable { course_title, titles, more, .. } => {
                format!("New in {course_title}: {}", listed(titles, *more))
            }
            Self::Announcement { title, .. } => title.clone(),
            Self::DiscussionReply { thread_title, author_name, .. } => {
                format!("{author_name} replied in {thread_title}")
            }
        }
    }

    /// The words below it.
    pub fn message(&self) -> String {
        match self {
            Self::CourseEnrollment { course_title, .. } => {
                format!(
                    "Welcome to \u{201c}{course_title}\u{201d}. You can start right away and learn at your own pace."
                )
            }
            Self::CourseCompletion { course_title, .. } => format!(
                "Congratulations! You have completed every part of \u{201c}{course_title}\u{201d}. \
                 If the course gives a certificate, it follows shortly."
            ),
            Self::CertificateIssued { course_title, .. } => format!(
                "Your certificate for \u{201c}{course_title}\u{201d} is ready to download. \
                 Anyone who has its code can verify it."
            ),
            Self::CertificateExpires { course_title, expires_on, .. } => format!(
                "Your certificate for \u{201c}{course_title}\u{201d} is valid until {}.",
                expires_on.format("%-d %B %Y")
            ),
            Self::NewContentAvailable { course_title, titles, more, .. } => {
                format!("There is something new in \u{201c}{course_title}\u{201d}: {}.", listed(titles, *more))
            }
            Self::Announcement { message, .. } => message.clone(),
            Self::DiscussionReply { course_title, author_name, beginning, .. } => {
                format!("{author_name} wrote in \u{201c}{course_title}\u{201d}: {beginning}")
            }
        }
    }

    /// Where it leads: a page of the web client.
    pub fn action_url(&self) -> Option<String> {
        Some(match self {
            Self::CourseEnrollment { course_slug, .. }
            | Self::CourseCompletion { course_slug, .. }
            | Self::NewContentAvailable { course_slug, .. } => {
                format!("/learner/courses/{course_slug}")
            }
            Self::CertificateIssued { code, .. } | Self::CertificateExpires { code, .. } => format!("/verify/{code}"),
            Self::Announcement { course_slug, .. } => format!("/learner/courses/{}", course_slug.as_ref()?),
            Self::DiscussionReply { course_slug, thread, .. } => {
                format!("/learner/courses/{course_slug}/discussions/{thread}")
            }
        })
    }

    /// As it is kept.
    pub(super) fn facts(&self) -> Value {
        // A struct of texts and ids always has a JSON form.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// As it was kept; none when it was another kind of notification.
    pub fn from_facts(facts: &Value) -> Option<Self> {
        serde_json::from_value(facts.clone()).ok()
    }
}

/// A few names and how many more there are, as people say it.
pub fn listed(names: &[String], more: usize) -> String {
    let more = (more > 0).then(|| format!("{more} more"));
    let parts: Vec<&str> = names.iter().map(String::as_str).chain(more.as_deref()).collect();
    match parts.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let notices = [
            Notice::CourseEnrollment {
                course_title: "Knots".to_owned(),
                course_slug: "knots".to_owned(),
                instructor_name: None,
            },
            Notice::CourseCompletion { course_title: "Knots".to_owned(), course_slug: "knots".to_owned() },
            Notice::CertificateIssued { course_title: "Knots".to_owned(), code: Uuid::from_u128(7) },
            Notice::NewContentAvailable {
                course_title: "Knots".to_owned(),
                course_slug: "knots".to_owned(),
                titles: vec!["Bends".to_owned()],
                more: 2,
            },
            Notice::Announcement {
                title: "Rope has arrived".to_owned(),
                message: String::new(),
                author_name: None,
                course_slug: Some("knots".to_owned()),
            },
            Notice::DiscussionReply {
                thread_title: "Which knot?".to_owned(),
                thread: ThreadId(Uuid::from_u128(8)),
                course_title: "Knots".to_owned(),
                course_slug: "knots".to_owned(),
                author_name: "Bob Brown".to_owned(),
                beginning: "The bowline.".to_owned(),
            },
        ];
        for notice in notices {
            assert_eq!(Notice::from_facts(&notice.facts()), Some(notice.clone()));
            assert_eq!(notice.facts()["kind"], notice.kind().as_str());
        }
        // A reminder, among others.
        let notice = Notice::CertificateExpires {
            course_title: "Knots".to_owned(),
            code: Uuid::from_u128(7),
            expires_on: NaiveDate::from_ymd_opt(2026, 1, 5).unwrap(),
        };
        assert_eq!(Notice::from_facts(&notice.facts()), Some(notice.clone()));
        assert!(notice.message().ends_with("is valid until 5 January 2026.") && !notice.is_urgent());
        assert_eq!(Notice::from_facts(&serde_json::json!({})), None);
    }

    #[test]
    fn names_are_listed_as_people_say_it() {
        let names = ["Bends", "Hitches", "Splices"].map(str::to_owned);
        for (count, more, said) in [
            (0, 0, ""),
            (1, 0, "Bends"),
            (2, 0, "Bends and Hitches"),
            (3, 0, "Bends, Hitches and Splices"),
            (3, 4, "Bends, Hitches, Splices and 4 more"),
        ] {
            assert_eq!(listed(&names[..count], more), said);
        }
    }
}
