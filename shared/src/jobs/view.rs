//! A job as the person sees it who asked for it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::JobState;
use crate::db::schema::jobs;
use crate::db::{Conn, Error};
use crate::ids::{JobId, TenantId, UserId};

/// A job without what is the operators' only: its payload, its worker and its error's words.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub struct JobView {
    pub id: JobId,
    pub kind: String,
    pub state: JobState,
    pub attempt: i32,
    pub max_attempts: i32,
    pub run_at: DateTime<Utc>,
    /// Percent.
    pub progress: Option<i16>,
    pub progress_note: Option<String>,
    pub result: Option<Value>,
    /// What kind of error the last attempt ended with.
    pub error_class: Option<String>,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl JobView {
    /// The tenant's job with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: JobId) -> Result<Option<Self>, Error> {
        jobs::table
            .filter(jobs::tenant_id.eq(tenant))
            .filter(jobs::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }
}
