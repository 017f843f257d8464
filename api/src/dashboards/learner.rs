//! What a learner sees first.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::dashboards::{Achievement, Activity, CourseInProgress, LearnerDeadline, LearnerNumbers, Place};
use shared::enrollments::Study;
use shared::ids::{ContentItemId, CourseId};
use shared::locale::time_zone;
use utoipa::ToSchema;

use super::{UseEnrollments, day, rounded};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiResult, Db};

/// A learner's dashboard.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LearnerDashboard {
    active_courses: i64,
    completed_courses: i64,
    certificates_earned: i64,
    /// Days in a row on which they learned, to today or yesterday: as `GET /api/progress/study/` has it.
    learning_streak: usize,
    /// Percent.
    overall_progress: i64,
    /// The courses' estimated hours, of what is finished.
    total_study_hours: f64,
    lessons_completed: i64,
    weekly_lessons_completed: i64,
    weekly_study_hours: f64,
    recent_activity: Vec<LearnerActivity>,
    upcoming_deadlines: Vec<UpcomingDeadline>,
    recent_achievements: Vec<RecentAchievement>,
    /// The course last worked on.
    continue_learning: Option<OpenCourse>,
    courses_in_progress: Vec<OpenCourse>,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
struct LearnerActivity {
    #[schema(example = "Completed Bowline in Knots")]
    description: String,
    timestamp: DateTime<Utc>,
}

/// Something that must be done by a day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpcomingDeadline {
    pub(super) title: String,
    pub(super) course: String,
    /// For people, in their time zone.
    #[schema(example = "Jan 05, 2026")]
    pub(super) due_date: String,
}

/// A certificate.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecentAchievement {
    title: String,
    /// For people, in their time zone.
    #[schema(example = "Jan 05, 2026")]
    earned_date: String,
}

/// A course that one is in.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OpenCourse {
    course_id: CourseId,
    course_title: String,
    course_slug: String,
    course_thumbnail: Option<String>,
    progress_percentage: i16,
    /// Of what the course requires.
    completed_lessons: i64,
    /// What the course requires.
    total_lessons: i64,
    /// The first that is open and not finished.
    next_lesson: Option<NextLesson>,
    last_accessed_at: DateTime<Utc>,
}

/// What comes next in a course.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NextLesson {
    id: ContentItemId,
    title: String,
    module_title: String,
    content_type: String,
}

impl From<CourseInProgress> for OpenCourse {
    fn from(CourseInProgress { place, next }: CourseInProgress) -> Self {
        let next_lesson = next.map(|item| NextLesson {
            id: item.id,
            title: item.title,
            module_title: item.module_title,
            content_type: item.content_type,
        });
        let Place { course_id, course_status: _, title, slug, thumbnail, standing, last_at, required, done } = place;
        Self {
            course_id,
            course_title: title,
            course_slug: slug,
            course_thumbnail: thumbnail,
            progress_percentage: standing.progress,
            completed_lessons: done,
            total_lessons: required,
            next_lesson,
            last_accessed_at: last_at,
        }
    }
}

impl From<Activity> for LearnerActivity {
    fn from(Activity { item, course, is_finished, at }: Activity) -> Self {
        let verb = if is_finished { "Completed" } else { "Started" };
        Self { description: format!("{verb} {item} in {course}"), timestamp: at }
    }
}

/// Where one is, and what is next.
#[utoipa::path(get, path = "/api/learner/dashboard-stats/", tag = "dashboards",
    responses((status = OK, body = LearnerDashboard)))]
pub async fn show_learner_dashboard(
    caller: Can<UseEnrollments>,
    State(app): State<App>,
    db: Db,
) -> ApiResult<Json<LearnerDashboard>> {
    let (tenant, learner, now) = (caller.tenant(), caller.user, app.clock.now());
    let zone = &caller.person.timezone;
    let mut conn = db.conn().await?;
    let numbers = LearnerNumbers::of(&mut conn, tenant, &caller.person, now).await?;
    let study = Study::in_zone(&mut conn, (tenant, learner, None), time_zone(zone), now).await?;
    let courses = CourseInProgress::of(&mut conn, tenant, learner, now, 6).await?;
    let activity = Activity::of(&mut conn, tenant, learner, now, 5).await?;
    let achievements = Achievement::of(&mut conn, tenant, learner, 4).await?;
    let deadlines = LearnerDeadline::of(&mut conn, tenant, learner, now, 3).await?;
    drop(conn);

    let courses_in_progress: Vec<OpenCourse> = courses.into_iter().map(OpenCourse::from).collect();
    let deadline = |LearnerDeadline { course, due_at }: LearnerDeadline| UpcomingDeadline {
        title: "Access ends".to_owned(),
        course,
        due_date: day(due_at, zone),
    };
    let achievement =
        |Achievement { title, earned_at }: Achievement| RecentAchievement { title, earned_date: day(earned_at, zone) };
    Ok(Json(LearnerDashboard {
        active_courses: numbers.active_courses,
        completed_courses: numbers.completed_courses,
        certificates_earned: numbers.certificates,
        learning_streak: study.streak,
        overall_progress: numbers.overall_progress,
        total_study_hours: rounded(numbers.study_hours),
        lessons_completed: numbers.lessons,
        weekly_lessons_completed: numbers.week_lessons,
        weekly_study_hours: rounded(numbers.week_study_hours),
        recent_activity: activity.into_iter().map(LearnerActivity::from).collect(),
        upcoming_deadlines: deadlines.into_iter().map(deadline).collect(),
        recent_achievements: achievements.into_iter().map(achievement).collect(),
        continue_learning: courses_in_progress.first().cloned(),
        courses_in_progress,
    }))
}
