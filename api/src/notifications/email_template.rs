//! A tenant's own words for its mails.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::db::{Conn, Page};
use shared::mail::{Brand, Mail, OwnWords, RenderedMail, check_words, names_of, render};
use shared::notifications::EmailTemplate;
use shared::tenants::{Tenant, TenantSettings};
use utoipa::ToSchema;

use super::WriteEmailTemplates;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, Fields, Listing, Paging, Path};

/// A mail, and the tenant's own words for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailTemplate)]
pub(super) struct TemplateOut {
    /// Which mail.
    #[schema(example = "course_completion")]
    name: String,
    /// What may stand in `{{ braces }}`; nothing else may.
    #[schema(example = json!(["course_title", "link", "recipient_name"]))]
    variables: Vec<String>,
    /// Whether the tenant has words of its own for it.
    is_customised: bool,
    /// Null: the built-in one.
    #[schema(example = "Bravo, {{ recipient_name }}!")]
    subject: Option<String>,
    /// Null: the built-in one.
    text: Option<String>,
    /// Null: the built-in one.
    html: Option<String>,
    updated_at: Option<DateTime<Utc>>,
}

impl TemplateOut {
    fn new(mail: &Mail<'_>, own: Option<EmailTemplate>) -> Self {
        Self {
            name: mail.name().to_owned(),
            variables: names_of(mail),
            is_customised: own.is_some(),
            updated_at: own.as_ref().map(|own| own.updated_at),
            subject: own.as_ref().and_then(|own| own.subject.clone()),
            text: own.as_ref().and_then(|own| own.text_body.clone()),
            html: own.and_then(|own| own.html_body),
        }
    }
}

/// Words for a mail; a part that is null or left out is the built-in one.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    /// One line.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(example = "Good news")]
    subject: Option<String>,
    /// The part for readers of plain text.
    #[garde(inner(length(chars, min = 1, max = 20_000)))]
    text: Option<String>,
    /// The part with colours, without its frame. What a browser would run is taken out of it.
    #[garde(inner(length(chars, min = 1, max = 50_000)))]
    html: Option<String>,
}

/// A mail as it would be sent, with made-up contents.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PreviewOut {
    subject: String,
    text: String,
    /// A whole page: show it where nothing in it can run, such as a frame with `sandbox`.
    html: String,
}

impl Words {
    /// As they are kept, if they fit this mail.
    fn fit(self, mail: &Mail<'_>) -> ApiResult<OwnWords> {
        let own = OwnWords { subject: self.subject, text: self.text, html: self.html };
        let mut wrong = Fields::new();
        for (part, error) in check_words(mail, &own) {
            wrong.entry(part.to_owned()).or_default().push(error.to_string());
        }
        if wrong.is_empty() { Ok(own) } else { Err(ApiError::Invalid(wrong)) }
    }
}

fn sample(name: &str) -> ApiResult<Mail<'static>> {
    Mail::samples().into_iter().find(|mail| mail.name() == name).ok_or(ApiError::NotFound("e-mail template"))
}

async fn preview(
    conn: &mut Conn,
    app: &App,
    caller: &Can<WriteEmailTemplates>,
    mail: &Mail<'_>,
    own: Option<&OwnWords>,
) -> ApiResult<PreviewOut> {
    let tenant = Tenant::find(conn, caller.tenant()).await?.ok_or(ApiError::NotFound("tenant"))?;
    let settings = TenantSettings::of(conn, &tenant).await?;
    let theme = |name: &str| tenant.theme_config.get(name)?.as_str();
    let brand = Brand {
        tenant_name: &tenant.name,
        primary_color: theme("primary_color").unwrap_or_default(),
        logo_text: theme("logo_text"),
        support_email: Some(settings.support_email.as_str()).filter(|address| !address.is_empty()),
        frontend_url: &app.config.platform.frontend_url,
    };
    let rendered = render(mail, Some("Alice Williams"), &brand, own).map_err(anyhow::Error::from)?;
    let RenderedMail { subject, text, html } = rendered;
    Ok(PreviewOut { subject, text, html })
}

/// List the mails that a tenant may word itself.
#[utoipa::path(get, path = "/api/notifications/email-templates/", tag = "notifications", params(Paging),
    responses((status = OK, body = Listing<TemplateOut>)))]
pub async fn list_email_templates(
    caller: Can<WriteEmailTemplates>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<TemplateOut>>> {
    let own = EmailTemplate::list(&mut *db.conn().await?, caller.tenant()).await?;
    let mails = Mail::samples();
    let total = i64::try_from(mails.len()).unwrap_or(i64::MAX);
    let page = paging.numbered();
    let (skipped, size) = (usize::try_from(page.offset()), usize::try_from(page.limit()));
    let items = mails
        .iter()
        .skip(skipped.unwrap_or(usize::MAX))
        .take(size.unwrap_or(usize::MAX))
        .map(|mail| TemplateOut::new(mail, own.iter().find(|own| own.name == mail.name()).cloned()))
        .collect();
    Ok(paging.answer(Page::numbered(items, total)))
}

/// Show a mail's words.
#[utoipa::path(get, path = "/api/notifications/email-templates/{email_template}/", tag = "notifications",
    params(("email_template" = String, Path, description = "Its name")),
    responses((status = OK, body = TemplateOut)))]
pub async fn show_email_template(
    caller: Can<WriteEmailTemplates>,
    Path(name): Path<String>,
    db: Db,
) -> ApiResult<Json<TemplateOut>> {
    let mail = sample(&name)?;
    let own = EmailTemplate::find(&mut *db.conn().await?, caller.tenant(), mail.name()).await?;
    Ok(Json(TemplateOut::new(&mail, own)))
}

/// Put one's own words in place of a mail's.
#[utoipa::path(put, path = "/api/notifications/email-templates/{email_template}/", tag = "notifications",
    params(("email_template" = String, Path, description = "Its name")), request_body = Words,
    responses((status = OK, body = TemplateOut)))]
pub async fn put_email_template(
    caller: Can<WriteEmailTemplates>,
    State(app): State<App>,
    Path(name): Path<String>,
    db: Db,
    Body(body): Body<Words>,
) -> ApiResult<Json<TemplateOut>> {
    let mail = sample(&name)?;
    let words = body.fit(&mail)?;
    let mut conn = db.conn().await?;
    let own = EmailTemplate::put(&mut conn, caller.tenant(), mail.name(), words, app.clock.now()).await?;
    Ok(Json(TemplateOut::new(&mail, Some(own))))
}

/// Go back to a mail's built-in words.
#[utoipa::path(delete, path = "/api/notifications/email-templates/{email_template}/", tag = "notifications",
    params(("email_template" = String, Path, description = "Its name")), responses((status = NO_CONTENT)))]
pub async fn reset_email_template(
    caller: Can<WriteEmailTemplates>,
    Path(name): Path<String>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mail = sample(&name)?;
    EmailTemplate::reset(&mut *db.conn().await?, caller.tenant(), mail.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// See a mail with these words, before they are kept.
#[utoipa::path(post, path = "/api/notifications/email-templates/{email_template}/preview/", tag = "notifications",
    params(("email_template" = String, Path, description = "Its name")), request_body = Words,
    responses((status = OK, body = PreviewOut)))]
pub async fn preview_email_template(
    caller: Can<WriteEmailTemplates>,
    State(app): State<App>,
    Path(name): Path<String>,
    db: Db,
    Body(body): Body<Words>,
) -> ApiResult<Json<PreviewOut>> {
    let mail = sample(&name)?;
    let words = body.fit(&mail)?;
    Ok(Json(preview(&mut *db.conn().await?, &app, &caller, &mail, Some(&words)).await?))
}
