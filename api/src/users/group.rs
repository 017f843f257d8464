//! Learner groups: cohorts and teams.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{HeaderName, LOCATION};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::ids::{GroupId, TenantId, UserId};
use shared::users::{Group, GroupChanges, GroupError, GroupRow, NewGroup};
use utoipa::{IntoParams, ToSchema};

use super::{ReadGroups, WriteGroups};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, IfMatch, Listing, Paging, Path, Query, Tagged};

impl From<GroupError> for ApiError {
    fn from(error: GroupError) -> Self {
        let message = error.to_string();
        match error {
            GroupError::NameTaken => Self::Conflict { code: "name_taken", message },
            GroupError::UnknownMembers(_) => Self::field("member_ids", message),
            GroupError::Changed => Self::Changed,
            GroupError::Database(error) => error.into(),
        }
    }
}

/// A group of people who are enrolled together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupOut {
    /// Names the group in addresses.
    id: GroupId,
    /// Unique in the tenant.
    #[schema(example = "2026 Cohort A")]
    name: String,
    /// What it is for.
    description: String,
    /// Whose it is.
    tenant: TenantId,
    /// How many are in it; who, `members/` says.
    member_count: i64,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

impl From<GroupRow> for GroupOut {
    fn from(GroupRow { group, member_count }: GroupRow) -> Self {
        let Group { id, tenant_id, name, description, version: _, created_at, updated_at } = group;
        Self { id, name, description, tenant: tenant_id, member_count, created_at, updated_at }
    }
}

/// Which groups are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListGroups {
    /// A part of the name or the description.
    #[serde(default)]
    search: Option<String>,
}

/// The tenant's groups, by name: for administrators, and for instructors, who have them learn their
/// courses. Who is in them, only administrators see.
#[utoipa::path(get, path = "/api/groups/", tag = "users", params(ListGroups, Paging),
    responses((status = OK, body = Listing<GroupOut>)))]
pub async fn list_groups(
    caller: Can<ReadGroups>,
    Query(query): Query<ListGroups>,
    paging: Paging,
    db: Db,
) -> ApiResult<Json<Listing<GroupOut>>> {
    let mut conn = db.conn().await?;
    let page = Group::list(&mut conn, caller.tenant(), query.search.as_deref(), paging.numbered()).await?;
    Ok(paging.answer(page))
}

/// A group about to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateGroup {
    /// Unique in the tenant.
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "2026 Cohort A")]
    name: String,
    /// What it is for.
    #[garde(length(chars, max = 5000))]
    #[serde(default)]
    description: String,
    /// Who is in it from the start.
    #[garde(length(max = 1000))]
    #[serde(default)]
    member_ids: Vec<UserId>,
}

/// Make a group.
#[utoipa::path(post, path = "/api/groups/", tag = "users", request_body = CreateGroup,
    responses((status = CREATED, body = GroupOut), (status = 409, description = "Another group has this name")))]
pub async fn create_group(
    caller: Can<WriteGroups>,
    State(app): State<App>,
    db: Db,
    Body(body): Body<CreateGroup>,
) -> ApiResult<(StatusCode, [(HeaderName, String); 1], Tagged<GroupOut>)> {
    let CreateGroup { name, description, member_ids } = body;
    let new = NewGroup { name, description, members: member_ids };
    let mut conn = db.conn().await?;
    let row = Group::create(&mut conn, caller.tenant(), new, app.clock.now()).await?;
    let location = format!("/api/groups/{}/", row.group.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Tagged(row.group.version, row.into())))
}

/// A group.
#[utoipa::path(get, path = "/api/groups/{group}/", tag = "users",
    params(("group" = GroupId, Path, description = "The group")), responses((status = OK, body = GroupOut)))]
pub async fn show_group(caller: Can<ReadGroups>, Path(id): Path<GroupId>, db: Db) -> ApiResult<Tagged<GroupOut>> {
    let mut conn = db.conn().await?;
    let row = Group::find(&mut conn, caller.tenant(), id).await?.ok_or(ApiError::NotFound("group"))?;
    Ok(Tagged(row.group.version, row.into()))
}

/// What may be changed of a group; what is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateGroup {
    /// Unique in the tenant.
    #[garde(length(chars, min = 1, max = 255))]
    #[serde(default)]
    name: Option<String>,
    /// What it is for.
    #[garde(length(chars, max = 5000))]
    #[serde(default)]
    description: Option<String>,
    /// Everybody who is in it from now on.
    #[garde(length(max = 1000))]
    #[serde(default)]
    member_ids: Option<Vec<UserId>>,
}

/// Change a group.
#[utoipa::path(patch, path = "/api/groups/{group}/", tag = "users", request_body = UpdateGroup,
    params(("group" = GroupId, Path, description = "The group")),
    responses((status = OK, body = GroupOut), (status = 409, description = "Another group has this name")))]
pub async fn update_group(
    caller: Can<WriteGroups>,
    State(app): State<App>,
    Path(id): Path<GroupId>,
    IfMatch(seen): IfMatch,
    db: Db,
    Body(body): Body<UpdateGroup>,
) -> ApiResult<Tagged<GroupOut>> {
    let UpdateGroup { name, description, member_ids } = body;
    let changes = GroupChanges { name, description, members: member_ids };
    let mut conn = db.conn().await?;
    let changed = Group::change(&mut conn, caller.tenant(), id, changes, seen, app.clock.now()).await?;
    let row = changed.ok_or(ApiError::NotFound("group"))?;
    Ok(Tagged(row.group.version, row.into()))
}

/// Delete a group. Its people stay, and so do their enrollments.
#[utoipa::path(delete, path = "/api/groups/{group}/", tag = "users",
    params(("group" = GroupId, Path, description = "The group")), responses((status = NO_CONTENT)))]
pub async fn delete_group(caller: Can<WriteGroups>, Path(id): Path<GroupId>, db: Db) -> ApiResult<StatusCode> {
    let mut conn = db.conn().await?;
    let deleted = Group::delete(&mut conn, caller.tenant(), id).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NotFound("group")) }
}
