//! Statements of xAPI over HTTP: what H5P's player says.

use axum::Json;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::enrollments::{Progress, ProgressReport, Statement};
use shared::ids::ContentItemId;
use utoipa::ToSchema;

use super::RecordProgress;
use super::progress::{RecordedProgressOut, of_address};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiResult, Body, Db, Path};

/// A statement of xAPI. Who speaks is the caller and of what the address says, so of the rest only
/// the verb and the result count, and whether it is of a part.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeStatement {
    #[garde(dive)]
    verb: Verb,
    #[garde(dive)]
    result: Option<StatementResult>,
    /// With a `parent` in its `contextActivities`, the statement is of a part of the item.
    #[garde(skip)]
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    #[garde(skip)]
    #[serde(rename = "id")]
    #[schema(value_type = Option<Object>)]
    _id: Option<Value>,
    #[garde(skip)]
    #[serde(rename = "actor")]
    #[schema(value_type = Option<Object>)]
    _actor: Option<Value>,
    #[garde(skip)]
    #[serde(rename = "object")]
    #[schema(value_type = Option<Object>)]
    _object: Option<Value>,
    #[garde(skip)]
    #[serde(rename = "timestamp")]
    #[schema(value_type = Option<Object>)]
    _timestamp: Option<Value>,
    #[garde(skip)]
    #[serde(rename = "version")]
    #[schema(value_type = Option<Object>)]
    _version: Option<Value>,
}

/// What was done.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verb {
    #[garde(length(chars, min = 1, max = 255))]
    #[schema(example = "http://adlnet.gov/expapi/verbs/completed")]
    id: String,
    #[garde(skip)]
    #[serde(rename = "display")]
    #[schema(value_type = Option<Object>)]
    _display: Option<Value>,
}

/// How it went.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementResult {
    #[garde(skip)]
    completion: Option<bool>,
    #[garde(skip)]
    success: Option<bool>,
    #[garde(skip)]
    score: Option<Score>,
    /// A span of ISO 8601.
    #[garde(length(chars, max = 40))]
    #[schema(example = "PT3M20S")]
    duration: Option<String>,
    #[garde(skip)]
    #[serde(rename = "response")]
    #[schema(value_type = Option<Object>)]
    _response: Option<Value>,
    #[garde(skip)]
    #[serde(rename = "extensions")]
    #[schema(value_type = Option<Object>)]
    _extensions: Option<Value>,
}

/// How well.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    raw: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    /// From -1 to 1.
    #[schema(example = 0.8)]
    scaled: Option<f64>,
}

impl From<MakeStatement> for Statement {
    fn from(made: MakeStatement) -> Self {
        let MakeStatement { verb, result, context, .. } = made;
        let parents = context.as_ref().and_then(|context| context.pointer("/contextActivities/parent"));
        let is_of_part = parents.is_some_and(|parents| !parents.is_null() && *parents != json!([]));
        let verb = verb.id;
        let Some(StatementResult { completion, success, score, duration, .. }) = result else {
            return Self { verb, is_of_part, ..Self::default() };
        };
        let Score { raw, min, max, scaled } = score.unwrap_or_default();
        Self {
            verb,
            is_of_part,
            completion,
            success,
            score_raw: raw,
            score_min: min,
            score_max: max,
            score_scaled: scaled,
            duration,
        }
    }
}

/// Tell what a player says of an item, as a statement of xAPI: that it was completed or passed
/// finishes the item, and anything else begins it. The verb and the result are kept as its details.
#[utoipa::path(post, path = "/api/progress/{content_item}/statements/", tag = "enrollments",
    params(("content_item" = ContentItemId, Path)), request_body = MakeStatement,
    responses((status = OK, body = RecordedProgressOut), (status = 409, description = "The enrollment is not active")))]
pub async fn make_statement(
    caller: Can<RecordProgress>,
    State(app): State<App>,
    Path(item): Path<ContentItemId>,
    db: Db,
    Body(body): Body<MakeStatement>,
) -> ApiResult<Json<RecordedProgressOut>> {
    let statement = Statement::from(body);
    let report = ProgressReport { item, status: statement.status(), details: statement.details() };
    let mut conn = db.conn().await?;
    let recorded = Progress::record(&mut conn, caller.tenant(), caller.user, report, app.clock.now()).await;
    Ok(Json(recorded.map_err(of_address)?.into()))
}
