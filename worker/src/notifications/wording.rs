//! A notification as a mail.

use shared::notifications::{EmailToSend, Notice};

use crate::mail::template::{Brand, Mail, RenderedMail, TemplateError, render};

/// Where a learner finds all their certificates.
const CERTIFICATES: &str = "/learner/certificates";

/// Writes the mail, dressed as the recipient's tenant.
pub(super) fn mail(email: &EmailToSend, public_url: &str, frontend_url: &str) -> Result<RenderedMail, TemplateError> {
    let theme = |name: &str| email.tenant.theme_config.get(name)?.as_str();
    let brand = Brand {
        tenant_name: &email.tenant.name,
        primary_color: theme("primary_color").unwrap_or_default(),
        logo_text: theme("logo_text"),
        support_email: email.support_email.as_deref(),
        frontend_url,
    };
    let notification = &email.notification;
    let link = notification.action_url.as_deref();
    let name = format!("{} {}", email.recipient.first_name, email.recipient.last_name);
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    let write = |mail: Mail<'_>| render(&mail, name, &brand);
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
        None => write(Mail::Notification {
            title: &notification.subject,
            message: &notification.message,
            link,
            link_label: None,
        }),
    }
}
