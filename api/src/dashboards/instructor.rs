//! What an instructor sees first.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde::Serialize;
use shared::dashboards::{AtRisk, CourseStanding, Deadline, InstructorNumbers, Step, TopStudent};
use shared::ids::{CourseId, UserId};
use utoipa::ToSchema;

use super::alerts::{Alert, Issue, Severity, worst};
use super::learner::UpcomingDeadline;
use super::{ReadAnalytics, day, rounded};
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiResult, Db};

/// An instructor's dashboard: the courses that they teach.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstructorDashboard {
    total_courses: usize,
    published_courses: usize,
    draft_courses: usize,
    total_enrollments: i64,
    /// Of people who may come in.
    active_enrollments: i64,
    /// People who may come in, each once.
    active_students: i64,
    /// The mean of the courses' rates, in percent.
    avg_completion_rate: f64,
    recent_activity: Vec<InstructorActivity>,
    upcoming_deadlines: Vec<UpcomingDeadline>,
    top_courses: Vec<TopCourse>,
    top_students: Vec<TopStudentOut>,
    revenue: Revenue,
    content_progress: ContentProgress,
    courses_needing_attention: Vec<NeedyCourse>,
    at_risk_students: Vec<AtRiskStudent>,
    urgent_alerts: Vec<Alert>,
}

/// A step of a learner.
#[derive(Debug, Serialize, ToSchema)]
struct InstructorActivity {
    description: String,
    timestamp: DateTime<Utc>,
}

/// A course with a high completion rate.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TopCourse {
    title: String,
    enrollments: i64,
    /// Percent.
    completion_rate: f64,
}

/// Who has done most in a week.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TopStudentOut {
    name: String,
    course: String,
    items_completed: i64,
    hours_spent: f64,
}

/// What the enrollments are worth at the courses' prices. Payments are not known here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Revenue {
    this_month: f64,
    total: f64,
    avg_per_course: f64,
    /// This month over the last one, in percent; 0 when there was nothing in the last one.
    growth: f64,
}

/// How far the making of courses is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContentProgress {
    drafts: usize,
    published_this_month: usize,
    modules_created: i64,
    content_items: i64,
}

/// A course that needs attention, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NeedyCourse {
    course_id: CourseId,
    course_title: String,
    course_slug: String,
    enrollments: i64,
    active_enrollments: i64,
    issues: Vec<Issue>,
    severity: Severity,
}

/// A learner who may be lost, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AtRiskStudent {
    student_id: UserId,
    student_name: String,
    student_email: String,
    course_id: CourseId,
    course_title: String,
    course_slug: String,
    /// Percent.
    progress: i16,
    last_activity: DateTime<Utc>,
    days_inactive: i64,
    risk_factors: Vec<Issue>,
    risk_level: Severity,
}

/// One's courses in numbers, and who and what needs attention.
#[utoipa::path(get, path = "/api/instructor/dashboard-stats/", tag = "dashboards",
    responses((status = OK, body = InstructorDashboard)))]
pub async fn show_instructor_dashboard(
    caller: Can<ReadAnalytics>,
    State(app): State<App>,
    db: Db,
) -> ApiResult<Json<InstructorDashboard>> {
    let (tenant, instructor, now) = (caller.tenant(), caller.user, app.clock.now());
    let mut conn = db.conn().await?;
    let courses = CourseStanding::of(&mut conn, tenant, instructor, now).await?;
    let InstructorNumbers { active_students } = InstructorNumbers::of(&mut conn, tenant, instructor).await?;
    let steps = Step::of(&mut conn, tenant, instructor, 10).await?;
    let deadlines = Deadline::of(&mut conn, tenant, instructor, now, 5).await?;
    let students = TopStudent::of(&mut conn, tenant, instructor, now, 5).await?;
    let at_risk = AtRisk::of(&mut conn, tenant, instructor, now, 10).await?;
    drop(conn);

    let rates: Vec<f64> = courses.iter().filter_map(CourseStanding::completion_rate).collect();
    let with_status = |status: &str| courses.iter().filter(|course| course.status == status).count();
    Ok(Json(InstructorDashboard {
        total_courses: courses.len(),
        published_courses: with_status("PUBLISHED"),
        draft_courses: with_status("DRAFT"),
        total_enrollments: courses.iter().map(|course| course.enrollments).sum(),
        active_enrollments: courses.iter().map(|course| course.active).sum(),
        active_students,
        avg_completion_rate: rounded(mean(&rates)),
        recent_activity: steps.into_iter().map(InstructorActivity::from).collect(),
        upcoming_deadlines: deadlines.into_iter().map(|ends| deadline(ends, &caller.person.timezone)).collect(),
        top_courses: top(&courses),
        top_students: students.into_iter().map(TopStudentOut::from).collect(),
        revenue: revenue(&courses),
        content_progress: content_progress(&courses, now),
        courses_needing_attention: needy(&courses, now),
        at_risk_students: at_risk.into_iter().map(AtRiskStudent::from).collect(),
        urgent_alerts: alerts(&courses, now),
    }))
}

fn mean(values: &[f64]) -> f64 {
    let count = u32::try_from(values.len()).map_or(0.0, f64::from);
    if count > 0.0 { values.iter().sum::<f64>() / count } else { 0.0 }
}

fn name(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

impl From<Step> for InstructorActivity {
    fn from(Step { first_name, last_name, item, course, is_finished, at }: Step) -> Self {
        let verb = if is_finished { "completed" } else { "started" };
        Self { description: format!("{} {verb} {item} in {course}", name(&first_name, &last_name)), timestamp: at }
    }
}

impl From<TopStudent> for TopStudentOut {
    fn from(TopStudent { first_name, last_name, course, items, hours }: TopStudent) -> Self {
        Self { name: name(&first_name, &last_name), course, items_completed: items, hours_spent: rounded(hours) }
    }
}

impl From<AtRisk> for AtRiskStudent {
    fn from(learner: AtRisk) -> Self {
        let AtRisk {
            student_id,
            first_name,
            last_name,
            email,
            course_id,
            title,
            slug,
            progress,
            last_activity_at,
            days_idle,
            days_enrolled,
        } = learner;
        let mut risk_factors = Vec::new();
        let mut add = |kind, severity, message, suggestion| {
            risk_factors.push(Issue { kind, message, suggestion, severity });
        };
        if days_idle >= 14 {
            add("long_inactive", Severity::High, format!("Nothing for {days_idle} days"), "Write to them.");
        } else if days_idle >= 7 {
            add("inactive", Severity::Medium, format!("Nothing for {days_idle} days"), "Remind them.");
        }
        if progress < 20 && days_enrolled >= 14 {
            let message = format!("At {progress} % after {days_enrolled} days");
            add("low_progress", Severity::Medium, message, "Ask what is in their way.");
        }
        Self {
            student_id,
            student_name: name(&first_name, &last_name),
            student_email: email,
            course_id,
            course_title: title,
            course_slug: slug,
            progress,
            last_activity: last_activity_at,
            days_inactive: days_idle,
            risk_level: worst(&risk_factors),
            risk_factors,
        }
    }
}

fn deadline(Deadline { first_name, last_name, course, due_at }: Deadline, zone: &str) -> UpcomingDeadline {
    UpcomingDeadline {
        title: format!("Access of {} ends", name(&first_name, &last_name)),
        course,
        due_date: day(due_at, zone),
    }
}

/// The five with the highest rate; among equals those with most enrollments.
fn top(courses: &[CourseStanding]) -> Vec<TopCourse> {
    let mut rated: Vec<_> =
        courses.iter().filter_map(|course| course.completion_rate().map(|rate| (rate, course))).collect();
    rated.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(other.enrollments.cmp(&one.enrollments)));
    let shown = rated.into_iter().take(5).map(|(rate, course)| TopCourse {
        title: course.title.clone(),
        enrollments: course.enrollments,
        completion_rate: rate,
    });
    shown.collect()
}

fn revenue(courses: &[CourseStanding]) -> Revenue {
    let sum = |count: fn(&CourseStanding) -> i64| {
        let cents: i64 = courses.iter().map(|course| course.price_cents.saturating_mul(count(course))).sum();
        // Beyond 2^53 cents a dashboard may round.
        cents.to_string().parse::<f64>().unwrap_or_default() / 100.0
    };
    let (total, this_month) = (sum(|course| course.paying), sum(|course| course.paying_this_month));
    let last_month = sum(|course| course.paying_last_month);
    let priced = u32::try_from(courses.iter().filter(|course| course.price_cents > 0).count()).map_or(0.0, f64::from);
    Revenue {
        this_month,
        total,
        avg_per_course: if priced > 0.0 { (total / priced * 100.0).round() / 100.0 } else { 0.0 },
        growth: if last_month > 0.0 { rounded((this_month - last_month) / last_month * 100.0) } else { 0.0 },
    }
}

fn content_progress(courses: &[CourseStanding], now: DateTime<Utc>) -> ContentProgress {
    let is_this_month = |at: DateTime<Utc>| (at.year(), at.month()) == (now.year(), now.month());
    ContentProgress {
        drafts: courses.iter().filter(|course| course.status == "DRAFT").count(),
        published_this_month: courses.iter().filter(|course| course.published_at.is_some_and(is_this_month)).count(),
        modules_created: courses.iter().map(|course| course.modules).sum(),
        content_items: courses.iter().map(|course| course.items).sum(),
    }
}

/// What is wrong with a published course.
fn issues(course: &CourseStanding, now: DateTime<Utc>) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut add = |kind, severity, message, suggestion| issues.push(Issue { kind, message, suggestion, severity });
    if course.enrollments < 3 {
        let message = format!("Only {} enrollments", course.enrollments);
        add("low_enrollment", Severity::Medium, message, "Announce the course.");
    }
    if course.cancelled * 10 > course.enrollments * 3 {
        let message = format!("{} of {} have left", course.cancelled, course.enrollments);
        add("high_attrition", Severity::High, message, "Ask those who left why.");
    }
    if course.active > 0 && course.last_step_at.is_none_or(|at| at < now - TimeDelta::days(14)) {
        let message = "No step of anybody for 14 days".to_owned();
        add("stagnant_engagement", Severity::Medium, message, "Remind the learners.");
    }
    if course.enrollments >= 5 && course.completed * 5 < course.enrollments {
        let message = format!("{} of {} have completed it", course.completed, course.enrollments);
        add("low_completion", Severity::Medium, message, "Look where learners stop.");
    }
    issues
}

/// The five published courses that need attention most.
fn needy(courses: &[CourseStanding], now: DateTime<Utc>) -> Vec<NeedyCourse> {
    let published = courses.iter().filter(|course| course.status == "PUBLISHED");
    let mut needy: Vec<_> = published
        .filter_map(|course| {
            let issues = issues(course, now);
            (!issues.is_empty()).then(|| NeedyCourse {
                course_id: course.course_id,
                course_title: course.title.clone(),
                course_slug: course.slug.clone(),
                enrollments: course.enrollments,
                active_enrollments: course.active,
                severity: worst(&issues),
                issues,
            })
        })
        .collect();
    needy.sort_by_key(|course| course.severity);
    needy.truncate(5);
    needy
}

fn alerts(courses: &[CourseStanding], now: DateTime<Utc>) -> Vec<Alert> {
    let is_stale =
        |course: &&CourseStanding| course.status == "PUBLISHED" && course.changed_at < now - TimeDelta::days(30);
    let stale = courses.iter().filter(is_stale).count();
    let alert = Alert {
        kind: "stale_content",
        severity: Severity::Low,
        title: "Old content",
        message: format!("{stale} published courses were not changed for 30 days."),
        action_url: "/instructor/courses",
        action_label: "Look at the courses",
    };
    Some(alert).filter(|_| stale > 0).into_iter().collect()
}
