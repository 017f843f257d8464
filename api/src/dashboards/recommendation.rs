//! Courses that a learner might take next.

use axum::Json;
use serde::{Deserialize, Serialize};
use shared::dashboards::{self, Recommendation};
use shared::ids::CourseId;
use utoipa::{IntoParams, ToSchema};

use super::UseEnrollments;
use crate::access::Can;
use crate::http::{ApiResult, Db, Query};

/// What one might take next, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recommendations {
    recommendations: Vec<RecommendationOut>,
    /// How many these are.
    total: usize,
}

/// A course that one might take next, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recommendation)]
struct RecommendationOut {
    /// Always `course`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: &'static str,
    id: CourseId,
    title: String,
    slug: String,
    description: String,
    category: String,
    difficulty_level: String,
    /// Who is in it or has completed it.
    enrollment_count: i64,
    /// For people.
    reason: &'static str,
    /// 0 to 1.
    score: f64,
    /// Always `rules`: nothing is guessed.
    algorithm: &'static str,
}

impl From<Recommendation> for RecommendationOut {
    fn from(course: Recommendation) -> Self {
        let Recommendation {
            id,
            title,
            slug,
            description,
            category,
            difficulty_level,
            enrollments,
            is_familiar,
            is_next,
            score,
        } = course;
        let reason = match (is_next, is_familiar) {
            (true, _) => "Builds on a course that you have completed",
            (false, true) => "From a category that you have chosen before",
            (false, false) if enrollments > 0 => "Others here learn it",
            (false, false) => "New here",
        };
        Self {
            kind: "course",
            id,
            title,
            slug,
            description,
            category,
            difficulty_level,
            enrollment_count: enrollments,
            reason,
            score: (score * 100.0).round() / 100.0,
            algorithm: "rules",
        }
    }
}

/// How many, and which.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListRecommendations {
    /// At most, 10 unless said otherwise, at most 20.
    #[param(minimum = 1, maximum = 20, example = 6)]
    limit: Option<u8>,
    /// Without the courses that one is in; so unless said otherwise.
    exclude_enrolled: Option<bool>,
}

/// What one might take next: courses of one's tenant whose prerequisites one has.
#[utoipa::path(get, path = "/api/learner/recommendations/", tag = "dashboards", params(ListRecommendations),
    responses((status = OK, body = Recommendations)))]
pub async fn list_recommendations(
    caller: Can<UseEnrollments>,
    Query(ListRecommendations { limit, exclude_enrolled }): Query<ListRecommendations>,
    db: Db,
) -> ApiResult<Json<Recommendations>> {
    let most = i64::from(limit.unwrap_or(10).clamp(1, 20));
    let mut conn = db.conn().await?;
    let found =
        dashboards::recommend(&mut conn, caller.tenant(), caller.user, exclude_enrolled.unwrap_or(true), most).await?;
    let recommendations: Vec<_> = found.into_iter().map(RecommendationOut::from).collect();
    Ok(Json(Recommendations { total: recommendations.len(), recommendations }))
}
