//! Lines of the audit log.

use axum::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::audit::{self, AuditEntry, AuditFilter, Performer};
use shared::ids::{AuditEntryId, JobId, TenantId, UserId};
use utoipa::{IntoParams, ToSchema};

use super::ReadAuditLog;
use crate::access::CanAnywhere;
use crate::http::{ApiResult, Db, LongListing, LongPaging, Query, dated};

/// A change, or another act.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(super) struct AuditEntryOut {
    id: AuditEntryId,
    /// In which tenant; null for the platform's own.
    tenant: Option<TenantId>,
    at: DateTime<Utc>,
    actor: AuditActor,
    /// The request in which it happened, or that asked for the job.
    request_id: Option<String>,
    /// `insert`, `update`, `delete`, or a verb.
    #[schema(example = "update")]
    action: String,
    subject: AuditSubject,
    /// Of an update the fields that changed, of a deletion all, as they were.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// Of an update the fields that changed, of an insertion all, as they became.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
struct AuditActor {
    kind: AuditActorKind,
    /// The person, or whoever asked for the job.
    id: Option<UserId>,
    /// Null when the person is not of this tenant, or gone.
    email: Option<String>,
    full_name: Option<String>,
    /// The job that did it.
    job: Option<JobId>,
    /// Who did it at a terminal or on the operators' page: the system's account and host, or an
    /// address. Null but for superusers.
    #[schema(example = "command line, ada@host-7")]
    operator: Option<String>,
}

/// What it was that acted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum AuditActorKind {
    User,
    Job,
    Operator,
    System,
}

/// To what it was done.
#[derive(Debug, Serialize, ToSchema)]
struct AuditSubject {
    /// A table.
    #[schema(rename = "type", example = "courses")]
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    /// What it was called at the time.
    name: Option<String>,
}

impl AuditEntryOut {
    fn new(entry: AuditEntry, sees_insides: bool) -> Self {
        let kind = match entry.performer() {
            Performer::User => AuditActorKind::User,
            Performer::Job => AuditActorKind::Job,
            Performer::Operator => AuditActorKind::Operator,
            Performer::System => AuditActorKind::System,
        };
        let AuditEntry {
            id,
            tenant_id,
            at,
            actor_id,
            actor,
            job_id,
            operator,
            request_id,
            action,
            subject_type,
            subject_id,
            subject_name,
            before,
            after,
        } = entry;
        let (email, full_name) = match actor {
            Some((email, first, last)) => (Some(email), Some(format!("{first} {last}").trim().to_owned())),
            None => (None, None),
        };
        Self {
            id,
            tenant: tenant_id,
            at,
            actor: AuditActor {
                kind,
                id: actor_id,
                email,
                full_name,
                job: job_id,
                operator: operator.filter(|_| sees_insides),
            },
            request_id,
            action,
            subject: AuditSubject { kind: subject_type, id: subject_id, name: subject_name },
            before,
            after,
        }
    }
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListAuditLog {
    /// By this person.
    #[param(value_type = Option<Uuid>)]
    actor: Option<UserId>,
    /// `insert`, `update`, `delete`, or a verb.
    #[param(example = "update")]
    action: Option<String>,
    /// About rows of this table.
    #[param(example = "courses")]
    subject_type: Option<String>,
    /// About this row.
    subject_id: Option<String>,
    /// In this request.
    request_id: Option<String>,
    /// Not before.
    #[serde(default, deserialize_with = "dated")]
    from: Option<DateTime<Utc>>,
    /// Before.
    #[serde(default, deserialize_with = "dated")]
    to: Option<DateTime<Utc>>,
}

/// List who changed what, newest first: in the tenant or, for a superuser who names none, everywhere.
#[utoipa::path(get, path = "/api/admin/audit-log/", tag = "audit",
    params(ListAuditLog, ("cursor" = Option<String>, Query, description = "From `next` of the answer before"),
        ("page_size" = Option<u32>, Query, description = "Results at once, 20 unless said otherwise, at most 200")),
    responses((status = OK, body = LongListing<AuditEntryOut>)))]
pub async fn list_audit_log(
    caller: CanAnywhere<ReadAuditLog>,
    Query(query): Query<ListAuditLog>,
    paging: LongPaging,
    db: Db,
) -> ApiResult<Json<LongListing<AuditEntryOut>>> {
    let ListAuditLog { actor, action, subject_type, subject_id, request_id, from, to } = query;
    let filter = AuditFilter {
        tenant: caller.tenant,
        actor,
        action: action.map(|action| action.to_ascii_lowercase()),
        subject_type,
        subject_id,
        request_id,
        from,
        until: to,
    };
    let mut conn = db.conn().await?;
    let found = audit::list(&mut conn, filter, paging.behind()).await?;
    Ok(paging.answer_with(found, |entry| AuditEntryOut::new(entry, caller.is_superuser)))
}
