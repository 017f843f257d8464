//! Lines of the log, for those who may read it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::db::schema::{audit_log, users};
use crate::db::{Conn, Error, Keyset, LongPage, Part};
use crate::ids::{AuditEntryId, JobId, TenantId, UserId};

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct AuditEntry {
    pub id: AuditEntryId,
    pub tenant_id: Option<TenantId>,
    pub at: DateTime<Utc>,
    pub actor_id: Option<UserId>,
    /// Their e-mail, first and last name; none where the reader does not see them.
    pub actor: Option<(String, String, String)>,
    pub job_id: Option<JobId>,
    /// Who did it at a terminal or on the operators' page.
    pub operator: Option<String>,
    pub request_id: Option<String>,
    pub action: String,
    pub subject_type: String,
    pub subject_id: Option<String>,
    pub subject_name: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What it was that acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Performer {
    /// A person, directly.
    User,
    /// A job, perhaps asked for by a person.
    Job,
    /// Somebody at a terminal or before the operators' page.
    Operator,
    /// None of them: the machinery itself, or somebody who was not signed in.
    System,
}

impl AuditEntry {
    /// What it was that acted.
    pub const fn performer(&self) -> Performer {
        match (self.job_id, self.actor_id, &self.operator) {
            (Some(_), _, _) => Performer::Job,
            (None, Some(_), _) => Performer::User,
            (None, None, Some(_)) => Performer::Operator,
            (None, None, None) => Performer::System,
        }
    }
}

/// Which lines; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// By this person.
    pub actor: Option<UserId>,
    /// `insert`, `update`, `delete` or a verb.
    pub action: Option<String>,
    /// About rows of this table.
    pub subject_type: Option<String>,
    /// About this row.
    pub subject_id: Option<String>,
    /// In this request.
    pub request_id: Option<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}

/// A part of the log, newest first, in one query. It is never counted.
pub async fn list(conn: &mut Conn, filter: AuditFilter, part: Part) -> Result<LongPage<AuditEntry>, Error> {
    let AuditFilter { tenant, actor, action, subject_type, subject_id, request_id, from, until } = filter;
    let mut query = audit_log::table
        .left_join(users::table.on(users::id.nullable().eq(audit_log::actor_id)))
        .order((audit_log::at.desc(), audit_log::id.desc()))
        .limit(part.limit())
        .select((
            audit_log::id,
            audit_log::tenant_id,
            audit_log::at,
            audit_log::actor_id,
            (users::email, users::first_name, users::last_name).nullable(),
            audit_log::job_id,
            audit_log::operator,
            audit_log::request_id,
            audit_log::action,
            audit_log::subject_type,
            audit_log::subject_id,
            audit_log::subject_name,
            audit_log::before,
            audit_log::after,
        ))
        .into_boxed();
    if let Some(tenant) = tenant {
        query = query.filter(audit_log::tenant_id.eq(tenant));
    }
    if let Some(actor) = actor {
        query = query.filter(audit_log::actor_id.eq(actor));
    }
    if let Some(action) = action {
        query = query.filter(audit_log::action.eq(action));
    }
    if let Some(subject_type) = subject_type {
        query = query.filter(audit_log::subject_type.eq(subject_type));
    }
    if let Some(subject_id) = subject_id {
        query = query.filter(audit_log::subject_id.eq(subject_id));
    }
    if let Some(request_id) = request_id {
        query = query.filter(audit_log::request_id.eq(request_id));
    }
    if let Some(from) = from {
        query = query.filter(audit_log::at.ge(from));
    }
    if let Some(until) = until {
        query = query.filter(audit_log::at.lt(until));
    }
    if let Some(Keyset { at, id }) = part.last() {
        let id = AuditEntryId(id);
        query = query.filter(audit_log::at.le(at).and(audit_log::at.lt(at).or(audit_log::id.lt(id))));
    }
    let rows: Vec<AuditEntry> = query.load(conn).await?;
    Ok(LongPage::of(part, rows, None, |row| Keyset { at: row.at, id: row.id.0 }))
}
