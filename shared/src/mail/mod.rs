//! Mails as text and as HTML, from templates in the binary.
//!
//! A mail is a [`Mail`] with what it needs to know, dressed as a [`Brand`]. Values are data and
//! never templates: the HTML escapes them, a line break in a name becomes a space (so that none
//! can end a header and start another), and links lead to the web or nowhere. A template that
//! asks for something its mail does not have is an error. A tenant may put its own words in place of a
//! mail's ([`OwnWords`]).

mod link;
mod mails;
mod own;

use std::borrow::Cow;
use std::sync::LazyLock;

use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use url::Url;

use crate::colour::Rgb;
use link::{frontend, safe_link};
pub use mails::{DigestItem, Mail};
pub use own::{OwnWords, WordsError};

/// How a tenant's mails look, and whom they come from.
#[derive(Debug, Clone, Copy)]
pub struct Brand<'a> {
    /// The tenant, as its members know it.
    pub tenant_name: &'a str,
    /// Its colour, as `#RRGGBB`; one that cannot be read is replaced by the default.
    pub primary_color: &'a str,
    /// A wordmark to head the mail with, instead of the tenant's name.
    pub logo_text: Option<&'a str>,
    /// Where to write for help.
    pub support_email: Option<&'a str>,
    /// Where the web pages are; links that are paths are completed with it.
    pub frontend_url: &'a str,
}

/// A mail ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMail {
    /// One line.
    pub subject: String,
    /// The part for readers of plain text.
    pub text: String,
    /// The part with colours.
    pub html: String,
}

/// Why there is no mail. Trying again gives the same answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TemplateError {
    /// A link of the mail leads to where no mail should lead.
    #[error("the mail's {field} is not an address of the web")]
    UnsafeLink {
        /// Which of its links.
        field: String,
    },
    /// The frontend's address is not one.
    #[error("the frontend's address is not an address of the web")]
    FrontendUrl,
    /// A template is wrong, or asks for what its mail does not have.
    #[error("a template cannot be rendered: {0}")]
    Template(String),
}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        // With its causes: the first alone says only that an included template failed.
        Self::Template(format!("{error:#}"))
    }
}

/// The longest subject; mail programs show less.
const MAX_SUBJECT: usize = 180;
/// Fields whose line breaks are the author's; all others are one line.
const PROSE: [&str; 2] = ["message", "feedback"];

/// Write a mail for a reader, by name if it is known, in the tenant's own words where it has some.
///
/// # Errors
/// A link is not one of the web's, or a template fails; see [`TemplateError`].
pub fn render(
    mail: &Mail<'_>,
    recipient_name: Option<&str>,
    brand: &Brand<'_>,
    own: Option<&OwnWords>,
) -> Result<RenderedMail, TemplateError> {
    let context = full_context(mail, recipient_name, brand)?;
    if let Some(own) = own {
        match render_parts(mail.name(), context.clone(), brand, own) {
            // A release may know a name no more that words of yesterday use.
            Err(error) => tracing::warn!(mail = mail.name(), "A tenant's own words cannot be rendered: {error}"),
            rendered => return rendered,
        }
    }
    render_parts(mail.name(), context, brand, &OwnWords::default())
}

/// Whether words fit a mail: the parts that do not, with the reasons.
pub fn check_words(mail: &Mail<'_>, own: &OwnWords) -> Vec<(&'static str, WordsError)> {
    let known = names_of(mail);
    [("subject", &own.subject), ("text", &own.text), ("html", &own.html)]
        .into_iter()
        .filter_map(|(part, source)| Some((part, own::check(source.as_deref()?, &known).err()?)))
        .collect()
}

/// The names that words for this mail may use.
pub fn names_of(mail: &Mail<'_>) -> Vec<String> {
    let Ok(Json::Object(fields)) = serde_json::to_value(mail) else { return Vec::new() };
    let mut names: Vec<String> = own::names(&fields).into_iter().map(|(name, _)| name).collect();
    names.extend(["recipient_name", "tenant_name", "support_email"].map(str::to_owned));
    names
}

fn full_context(
    mail: &Mail<'_>,
    recipient_name: Option<&str>,
    brand: &Brand<'_>,
) -> Result<Map<String, Json>, TemplateError> {
    let mut context = context(mail, brand)?;
    let name = recipient_name.map(one_line).filter(|name| !name.is_empty());
    context.insert("recipient_name".to_owned(), name.into());
    context.insert("notifies".to_owned(), mail.notifies().into());
    Ok(context)
}

fn render_parts(
    name: &str,
    mut context: Map<String, Json>,
    brand: &Brand<'_>,
    own: &OwnWords,
) -> Result<RenderedMail, TemplateError> {
    let templates = TEMPLATES.as_ref().map_err(Clone::clone)?;
    let built_in = |template: &str, context: &Map<String, Json>| -> Result<String, TemplateError> {
        Ok(templates.get_template(&format!("{template}.j2"))?.render(Value::from(Serde(context)))?)
    };
    let mut values = own::names(&context);
    values.insert("tenant_name".to_owned(), one_line(brand.tenant_name).into());
    values.insert("support_email".to_owned(), brand.support_email.map(one_line).into());
    let said = match &own.subject {
        Some(source) => own::text(source, &values)?,
        None => built_in(&format!("{name}/subject.txt"), &context)?,
    };
    let mut subject = shorten(&one_line(&said), MAX_SUBJECT);
    if subject.is_empty() {
        subject = one_line(brand.tenant_name);
    }
    context.insert("subject".to_owned(), subject.clone().into());
    let text = match &own.text {
        Some(source) => {
            context.insert("own_text".to_owned(), own::text(source, &values)?.into());
            built_in("own/body.txt", &context)?
        }
        None => built_in(&format!("{name}/body.txt"), &context)?,
    };
    let html = match &own.html {
        Some(source) => {
            let frame = templates.get_template("own/body.html.j2")?;
            let content = Value::from_safe_string(own::html(source, &values)?);
            frame.render(minijinja::context! { own_html => content, ..Value::from(Serde(&context)) })?
        }
        None => built_in(&format!("{name}/body.html"), &context)?,
    };
    Ok(RenderedMail { subject, text: tidy(&text), html })
}

/// What a mail's templates may speak of.
fn context(mail: &Mail<'_>, brand: &Brand<'_>) -> Result<Map<String, Json>, TemplateError> {
    let frontend = frontend(brand.frontend_url).ok_or(TemplateError::FrontendUrl)?;
    let json = serde_json::to_value(mail).map_err(|error| TemplateError::Template(error.to_string()))?;
    let Json::Object(mut context) = json else {
        return Err(TemplateError::Template(format!("{} has no fields", mail.name())));
    };
    tame(&frontend, &mut context)?;
    let look = Look::new(brand, safe_link(&frontend, "/profile"));
    let look = serde_json::to_value(look).map_err(|error| TemplateError::Template(error.to_string()))?;
    context.insert("brand".to_owned(), look);
    Ok(context)
}

/// Makes links safe and texts those of their kind, also in lists.
fn tame(frontend: &Url, fields: &mut Map<String, Json>) -> Result<(), TemplateError> {
    for (field, value) in fields {
        match value {
            Json::String(text) if field == "link" || field.ends_with("_link") => {
                *text = safe_link(frontend, text).ok_or_else(|| TemplateError::UnsafeLink { field: field.clone() })?;
            }
            Json::String(text) => *text = if PROSE.contains(&field.as_str()) { prose(text) } else { one_line(text) },
            Json::Array(items) => {
                for item in items.iter_mut().filter_map(Json::as_object_mut) {
                    tame(frontend, item)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The brand as the templates see it.
#[derive(Serialize)]
struct Look {
    tenant_name: String,
    wordmark: String,
    support_email: Option<String>,
    preferences_link: Option<String>,
    primary_color: String,
    /// On a button: white or black, whichever can be read.
    button_text_color: String,
    /// The tenant's colour as text, on white and on black.
    text_color: String,
    dark_color: String,
}

impl Look {
    fn new(brand: &Brand<'_>, preferences_link: Option<String>) -> Self {
        const NEARLY_BLACK: Rgb = Rgb(0x11, 0x18, 0x27);
        let primary = Rgb::parse(brand.primary_color).unwrap_or(Rgb::FALLBACK);
        let tenant_name = one_line(brand.tenant_name);
        let white_reads = primary.contrast(Rgb::WHITE) >= primary.contrast(NEARLY_BLACK);
        let some = |text: &str| Some(one_line(text)).filter(|text| !text.is_empty());
        Self {
            wordmark: brand.logo_text.and_then(some).unwrap_or_else(|| tenant_name.clone()),
            tenant_name,
            // It stands in a `mailto:`, where a question mark would add headers.
            support_email: brand.support_email.and_then(some).filter(|address| is_plain(address)),
            preferences_link,
            primary_color: primary.to_string(),
            button_text_color: (if white_reads { Rgb::WHITE } else { NEARLY_BLACK }).to_string(),
            text_color: primary.readable(4.5).to_string(),
            dark_color: primary.mix(Rgb::WHITE, 45).to_string(),
        }
    }
}

fn is_plain(address: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || "@.-_+".contains(c);
    address.contains('@') && address.chars().all(sign)
}

/// A value as one line: control characters and line breaks become spaces, and spaces one.
fn one_line(text: &str) -> String {
    let plain = text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A value of several lines, without control characters but line breaks.
fn prose(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.replace(|c: char| c.is_control() && c != '\n', " ").trim().to_owned()
}

fn shorten(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A text mail without the gaps that parts left out have made.
fn tidy(text: &str) -> String {
    let mut tidy = text.trim().to_owned();
    while tidy.contains("\n\n\n") {
        tidy = tidy.replace("\n\n\n", "\n\n");
    }
    tidy.push('\n');
    tidy
}

static TEMPLATES: LazyLock<Result<Environment<'static>, TemplateError>> =
    LazyLock::new(|| {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|name| {
            if name.ends_with(".html.j2") { AutoEscape::Html } else { AutoEscape::None }
        });
        templates.set_formatter(|out, state, value| {
            let text = value.as_str().filter(|_| value.kind() == ValueKind::String);
            match (state.auto_escape(), text) {
                (AutoEscape::Html, Some(text)) if !value.is_safe() => {
                    out.write_str(&escape(text)).map_err(minijinja::Error::from)
                }
                _ => minijinja::escape_formatter(out, state, value),
            }
        });
        templates.add_filter("paragraphs", |text: Cow<'_, str>| -> Vec<Vec<String>> {
            text.split("\n\n")
                .map(|paragraph| paragraph.trim().lines().map(str::to_owned).collect())
                .filter(|lines: &Vec<String>| !lines.is_empty())
                .collect()
        });
        for (name, source) in SOURCES {
            templates.add_template(name, source)?;
        }
        Ok(templates)
    });

/// Escape for HTML. The library's own way also turns each slash of a link into a reference, which
/// is right but which programs that rewrite links in mails stumble over.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

macro_rules! sources {
    (shared: $($shared:literal)*; mails: $($mail:literal)*) => {
        &[
            $(($shared, include_str!(concat!("../../templates/", $shared))),)*
            $(
                (concat!($mail, "/subject.txt.j2"), include_str!(concat!("../../templates/", $mail, "/subject.txt.j2"))),
                (concat!($mail, "/body.txt.j2"), include_str!(concat!("../../templates/", $mail, "/body.txt.j2"))),
                (concat!($mail, "/body.html.j2"), include_str!(concat!("../../templates/", $mail, "/body.html.j2"))),
            )*
        ]
    };
}

static SOURCES: &[(&str, &str)] = sources! {
    shared: "layout.html.j2" "button.html.j2" "paragraphs.html.j2" "footer.txt.j2" "own/body.html.j2" "own/body.txt.j2";
    mails: "password_reset" "invitation" "password_changed" "course_enrollment"
        "course_completion" "certificate_issued" "deadline_reminder" "new_content_available"
        "announcement" "assessment_submission" "assessment_graded" "system_alert" "discussion_reply"
        "digest" "notification"
};

#[cfg(test)]
mod tests;
