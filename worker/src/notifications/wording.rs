//! A notification as a mail.

use shared::db::{Conn, Error};
use shared::mail::{Brand, DigestItem, Mail, OwnWords, RenderedMail, TemplateError, render};
use shared::notifications::{DigestToSend, EmailTemplate, EmailToSend, Notice, listed};
use shared::tenants::Tenant;
use shared::users::User;

/// Where a learner finds all their certificates.
const CERTIFICATES: &str = "/learner/certificates";
/// Where everybody finds their notifications.
const NOTIFICATIONS: &str = "/notifications";

/// How the tenant looks.
fn brand<'a>(tenant: &'a Tenant, support_email: Option<&'a str>, frontend_url: &'a str) -> Brand<'a> {
    let theme = |name: &str| tenant.theme_config.get(name)?.as_str();
    Brand {
        tenant_name: &tenant.name,
        primary_color: theme("primary_color").unwrap_or_default(),
        logo_text: theme("logo_text"),
        support_email,
        frontend_url,
    }
}

/// The reader's name, if it is known.
fn name(reader: &User) -> Option<String> {
    let name = format!("{} {}", reader.first_name, reader.last_name);
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The tenant's own words for this notification's mail, if it has some.
pub(super) async fn own_words(
    conn: &mut Conn,
    email: &EmailToSend,
    public_url: &str,
) -> Result<Option<OwnWords>, Error> {
    let mail = with_mail(email, public_url, |mail| mail.name());
    Ok(EmailTemplate::find(conn, email.tenant.id, mail).await?.map(EmailTemplate::words))
}

/// Writes the mail, dressed as the recipient's tenant.
pub(super) fn mail(
    email: &EmailToSend,
    own: Option<&OwnWords>,
    public_url: &str,
    frontend_url: &str,
) -> Result<RenderedMail, TemplateError> {
    let brand = brand(&email.tenant, email.support_email.as_deref(), frontend_url);
    let name = name(&email.recipient);
    with_mail(email, public_url, |mail| render(&mail, name.as_deref(), &brand, own))
}

/// Writes the mail that sums up many.
pub(super) fn digest(digest: &DigestToSend, frontend_url: &str) -> Result<RenderedMail, TemplateError> {
    let brand = brand(&digest.tenant, digest.support_email.as_deref(), frontend_url);
    let items: Vec<_> = digest
        .notifications
        .iter()
        .map(|notification| DigestItem { title: &notification.subject, link: notification.action_url.as_deref() })
        .collect();
    let mail = Mail::Digest {
        count: digest.total,
        more: digest.total.saturating_sub(items.len()),
        items: &items,
        link: NOTIFICATIONS,
    };
    render(&mail, name(&digest.recipient).as_deref(), &brand, None)
}

/// What the mail of a notification says.
fn with_mail<T>(email: &EmailToSend, public_url: &str, write: impl FnOnce(Mail<'_>) -> T) -> T {
    let notification = &email.notification;
    let link = notification.action_url.as_deref();
    match Notice::from_facts(&notification.facts) {
        Some(Notice::CourseEnrollment { course_title, instructor_name, .. }) => write(Mail::CourseEnrollment {
            course_title: &course_title,
            instructor_name: instructor_name.as_deref(),
            link: link.unwrap_or("/"),
        }),
        Some(Notice::CourseCompletion { course_title, .. }) => {
            write(Mail::CourseCompletion { course_title: &course_title, link: link.unwrap_or("/") })
        }
        Some(Notice::CertificateIssued { course_title, code }) => write(Mail::CertificateIssued {
            course_title: &course_title,
            code: &code.to_string(),
            link: CERTIFICATES,
            verify_link: &format!("{public_url}/api/certificates/verify/{code}/"),
        }),
        Some(Notice::NewContentAvailable { course_title, titles, more, .. }) => write(Mail::NewContentAvailable {
            course_title: &course_title,
            content_title: &listed(&titles, more),
            link: link.unwrap_or("/"),
        }),
        Some(Notice::Announcement { title, author_name, .. }) => write(Mail::Announcement {
            title: &title,
            message: &notification.message,
            author_name: author_name.as_deref(),
            link,
        }),
        Some(Notice::DiscussionReply { thread_title, course_title, author_name, beginning, .. }) => {
            write(Mail::DiscussionReply {
                author_name: &author_name,
                thread_title: &thread_title,
                course_title: &course_title,
                message: &beginning,
                link: link.unwrap_or("/"),
            })
        }
        Some(Notice::CertificateExpires { .. }) | None => write(Mail::Notification {
            title: &notification.subject,
            message: &notification.message,
            link,
            link_label: None,
        }),
    }
}
