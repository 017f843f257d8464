//! Who is in a group.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::{GroupId, UserId};
use shared::users::{Group, Member, Outcome, UserRole, UserStatus};
use utoipa::ToSchema;

use super::WriteGroups;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, Listing, Paging, Path};

/// A person in a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberOut {
    /// The person.
    user_id: UserId,
    /// Their e-mail.
    #[schema(example = "alice.williams@acme.local")]
    user_email: String,
    /// Both names, or the e-mail when there is none.
    #[schema(example = "Alice Williams")]
    full_name: String,
    /// What they are in the tenant.
    role: UserRole,
    /// Whether they may come in.
    status: UserStatus,
    /// When they joined the group.
    date_joined: DateTime<Utc>,
}

impl From<Member> for MemberOut {
    fn from(member: Member) -> Self {
        let full_name = member.full_name();
        let Member { user_id, email, first_name: _, last_name: _, role, status, joined_at } = member;
        Self { user_id, user_email: email, full_name, role, status, date_joined: joined_at }
    }
}

/// The people of a group, by e-mail.
#[utoipa::path(get, path = "/api/groups/{group}/members/", tag = "users",
    params(("group" = GroupId, Path, description = "The group"), Paging),
    responses((status = OK, body = Listing<MemberOut>)))]
pub async fn list_members(
    caller: Can<WriteGroups>,
    Path(id): Path<GroupId>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<MemberOut>>> {
    let mut conn = db.conn().await?;
    Group::find(&mut conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("group"))?;
    let page = Group::members(&mut conn, caller.tenant(), id, paging.numbered()).await?;
    Ok(paging.answer(page))
}

/// People who join or leave.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Their ids.
    #[garde(length(min = 1, max = 1000))]
    user_ids: Vec<UserId>,
}

/// What became of each.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outcomes {
    /// In the order in which they were named.
    results: Vec<OutcomeOut>,
}

/// What became of one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outcome)]
pub struct OutcomeOut {
    /// The person.
    user_id: UserId,
    /// `DONE`, `UNCHANGED` when it was so already, or `UNKNOWN` when there is no such person.
    #[schema(example = "DONE")]
    result: &'static str,
}

impl Outcomes {
    fn of(outcomes: Option<Vec<(UserId, Outcome)>>) -> ApiResult<Json<Self>> {
        let outcomes = outcomes.ok_or(ApiError::NotFound("group"))?;
        let results = outcomes.into_iter().map(|(user_id, outcome)| OutcomeOut {
            user_id,
            result: match outcome {
                Outcome::Done => "DONE",
                Outcome::Unchanged => "UNCHANGED",
                Outcome::Unknown => "UNKNOWN",
            },
        });
        Ok(Json(Self { results: results.collect() }))
    }
}

/// Take people into a group.
#[utoipa::path(post, path = "/api/groups/{group}/members/", tag = "users", request_body = People,
    params(("group" = GroupId, Path, description = "The group")), responses((status = OK, body = Outcomes)))]
pub async fn add_members(
    caller: Can<WriteGroups>,
    State(app): State<App>,
    Path(id): Path<GroupId>,
    db: Db,
    Body(People { user_ids }): Body<People>,
) -> ApiResult<Json<Outcomes>> {
    let mut conn = db.conn().await?;
    Outcomes::of(Group::admit(&mut conn, caller.tenant(), id, &user_ids, app.clock.now()).await?)
}

/// Let people of a group go.
#[utoipa::path(post, path = "/api/groups/{group}/members/remove/", tag = "users", request_body = People,
    params(("group" = GroupId, Path, description = "The group")), responses((status = OK, body = Outcomes)))]
pub async fn remove_members(
    caller: Can<WriteGroups>,
    Path(id): Path<GroupId>,
    db: Db,
    Body(People { user_ids }): Body<People>,
) -> ApiResult<Json<Outcomes>> {
    let mut conn = db.conn().await?;
    Outcomes::of(Group::dismiss(&mut conn, caller.tenant(), id, &user_ids).await?)
}

/// Let one go.
#[utoipa::path(delete, path = "/api/groups/{group}/members/{member}/", tag = "users",
    params(("group" = GroupId, Path, description = "The group"), ("member" = UserId, Path, description = "The person")),
    responses((status = NO_CONTENT)))]
pub async fn remove_member(
    caller: Can<WriteGroups>,
    Path((id, member)): Path<(GroupId, UserId)>,
    db: Db,
) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let outcomes =
        Group::dismiss(&mut conn, caller.tenant(), id, &[member]).await?.ok_or(ApiError::NotFound("group"))?;
    match outcomes.first() {
        Some((_, Outcome::Done)) => Ok(StatusCode::NO_CONTENT),
        _ => Err(ApiError::NotFound("member")),
    }
}
