//! A tenant's own words for its mails.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::schema::email_templates;
use crate::db::{Conn, Error};
use crate::ids::{EmailTemplateId, TenantId};
use crate::mail::OwnWords;

/// A tenant's own words for one of its mails.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = email_templates, treat_none_as_default_value = false)]
pub struct EmailTemplate {
    pub id: EmailTemplateId,
    pub tenant_id: TenantId,
    /// The mail's, as [`Mail::name`](crate::mail::Mail::name) has it.
    pub name: String,
    /// The built-in one when none.
    pub subject: Option<String>,
    /// The built-in one when none.
    pub text_body: Option<String>,
    /// The built-in one when none.
    pub html_body: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl EmailTemplate {
    /// All that a tenant has; there are no more than kinds of mail.
    pub async fn list(conn: &mut Conn, tenant: TenantId) -> Result<Vec<Self>, Error> {
        email_templates::table
            .filter(email_templates::tenant_id.eq(tenant))
            .order(email_templates::name)
            .select(Self::as_select())
            .load(conn)
            .await
    }

    /// The tenant's words for this mail, if it has some.
    pub async fn find(conn: &mut Conn, tenant: TenantId, name: &str) -> Result<Option<Self>, Error> {
        email_templates::table
            .filter(email_templates::tenant_id.eq(tenant))
            .filter(email_templates::name.eq(name))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Puts these words in place of whatever the tenant had for this mail.
    pub async fn put(
        conn: &mut Conn,
        tenant: TenantId,
        name: &str,
        words: OwnWords,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let row = Self {
            id: EmailTemplateId::new(),
            tenant_id: tenant,
            name: name.to_owned(),
            subject: words.subject,
            text_body: words.text,
            html_body: words.html,
            created_at: now,
            updated_at: now,
        };
        diesel::insert_into(email_templates::table)
            .values(&row)
            .on_conflict((email_templates::tenant_id, email_templates::name))
            .do_update()
            .set((
                email_templates::subject.eq(&row.subject),
                email_templates::text_body.eq(&row.text_body),
                email_templates::html_body.eq(&row.html_body),
                email_templates::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .await
    }

    /// Goes back to the built-in words.
    pub async fn reset(conn: &mut Conn, tenant: TenantId, name: &str) -> Result<(), Error> {
        diesel::delete(email_templates::table)
            .filter(email_templates::tenant_id.eq(tenant))
            .filter(email_templates::name.eq(name))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// For the renderer.
    pub fn words(self) -> OwnWords {
        OwnWords { subject: self.subject, text: self.text_body, html: self.html_body }
    }
}
