//! A job, as it goes on.

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use sha2::{Digest, Sha256};
use shared::db::Conn;
use shared::ids::{JobId, TenantId, UserId};
use shared::jobs::{JobState, JobView};
use shared::live::Topic;
use shared::users::UserRole;

use super::ReadJobs;
use super::job::{JobOut, may_watch};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Path};
use crate::live::{LastSeen, Seen, Show, stream};

/// A job that somebody watches.
struct WatchedJob {
    tenant: TenantId,
    role: UserRole,
    user: UserId,
    id: JobId,
    /// The id of the last event that the client has.
    last_seen: Option<String>,
}

impl Show for WatchedJob {
    fn topic(&self) -> Topic {
        Topic::Job(self.id)
    }

    async fn look(&mut self, conn: &mut Conn) -> ApiResult<Seen> {
        let job = JobView::find(conn, self.tenant, self.id)
            .await?
            .filter(|job| may_watch(self.role, self.user, job.created_by))
            .ok_or(ApiError::NotFound("job"))?;
        let is_last = matches!(job.state, JobState::Succeeded | JobState::Cancelled | JobState::Dead);
        let data = serde_json::to_string(&JobOut::from(job)).map_err(anyhow::Error::from)?;
        // The event of a state that looks the same has the same id, on whichever server.
        let id = hex::encode(Sha256::digest(&data).iter().take(9).copied().collect::<Vec<_>>());
        if self.last_seen.as_ref() == Some(&id) {
            return Ok(Seen { events: Vec::new(), is_last });
        }
        self.last_seen = Some(id.clone());
        Ok(Seen { events: vec![Event::default().event("job").id(id).data(data)], is_last })
    }
}

/// Watch a job that one started: an event `job` with how far it is, now and whenever that changes,
/// until it is over. Send the last id as `Last-Event-ID` to read on after a break; 204 says that
/// there is no more.
#[utoipa::path(get, path = "/api/jobs/{job}/events/", tag = "jobs",
    params(("job" = JobId, Path),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses((status = OK, body = JobOut, content_type = "text/event-stream"),
        (status = NO_CONTENT, description = "The job is over, and its last event has been seen")))]
pub async fn watch_job(
    caller: Can<ReadJobs>,
    State(app): State<App>,
    Path(id): Path<JobId>,
    LastSeen(last_seen): LastSeen,
) -> ApiResult<Response> {
    let job = WatchedJob { tenant: caller.tenant(), role: caller.role, user: caller.user, id, last_seen };
    stream(&app, &caller, job).await
}
