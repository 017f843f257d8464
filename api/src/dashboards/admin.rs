//! What an administrator sees first, and a superuser.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use shared::audit::{self, AuditEntry, AuditFilter};
use shared::dashboards::{Growth, PlatformTenant, TenantCounts, died_lately};
use shared::db::{Conn, Part};
use shared::ids::{AuditEntryId, TenantId};
use utoipa::ToSchema;

use super::ReadTenantAnalytics;
use super::alerts::{Alert, Issue, Severity, worst};
use crate::access::CanAnywhere;
use crate::app::App;
use crate::http::{ApiResult, Db};

/// An administrator's dashboard; the platform's for a superuser who names no tenant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminDashboard {
    total_tenants: usize,
    /// Who may come in, and who is invited.
    total_users: i64,
    total_courses: i64,
    /// Who signed in since midnight, UTC.
    active_users_today: i64,
    user_growth: Vec<MonthOfGrowth>,
    recent_system_events: Vec<SystemEvent>,
    platform_alerts: Vec<Alert>,
    quick_stats: QuickStats,
    is_platform_admin: bool,
    /// Empty but for the platform's.
    tenants_needing_attention: Vec<NeedyTenant>,
}

/// How many people came in a month.
#[derive(Debug, Serialize, ToSchema)]
struct MonthOfGrowth {
    #[schema(example = "Jan 2026")]
    month: String,
    users: i64,
}

/// A line of the audit log, in a sentence.
#[derive(Debug, Serialize, ToSchema)]
struct SystemEvent {
    id: AuditEntryId,
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "COURSES_UPDATE")]
    kind: String,
    description: String,
    /// `System` when nobody was signed in, or the person is not of this tenant.
    user_email: String,
    timestamp: DateTime<Utc>,
}

/// The last seven days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QuickStats {
    new_users_this_week: i64,
    new_enrollments_this_week: i64,
    courses_published_this_week: i64,
    courses_completed_this_week: i64,
    active_users_this_week: i64,
    /// Tenants in which somebody signed in.
    active_tenants_this_week: usize,
}

/// A tenant that needs attention, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NeedyTenant {
    tenant_id: TenantId,
    tenant_name: String,
    tenant_slug: String,
    total_users: i64,
    total_courses: i64,
    total_enrollments: i64,
    issues: Vec<Issue>,
    severity: Severity,
}

/// The tenant in numbers; the platform for a superuser who names none.
#[utoipa::path(get, path = "/api/admin/dashboard-stats/", tag = "dashboards",
    responses((status = OK, body = AdminDashboard)))]
pub async fn show_admin_dashboard(
    caller: CanAnywhere<ReadTenantAnalytics>,
    State(app): State<App>,
    db: Db,
) -> ApiResult<Json<AdminDashboard>> {
    let now = app.clock.now();
    let mut conn = db.conn().await?;
    let (counts, tenants) = counts(&mut conn, caller.tenant, now).await?;
    let growth = Growth::recent(&mut conn, caller.tenant, now).await?;
    let died = died_lately(&mut conn, caller.tenant).await?;
    let filter = AuditFilter { tenant: caller.tenant, ..AuditFilter::default() };
    let latest = audit::list(&mut conn, filter, Part::Behind { last: None, size: 5 }).await?.items;
    drop(conn);

    let is_active = |tenant: &&PlatformTenant| tenant.counts.is_some_and(|counts| counts.signed_in_7d > 0);
    let is_one = caller.tenant.is_some();
    let active_tenants =
        if is_one { usize::from(counts.signed_in_7d > 0) } else { tenants.iter().filter(is_active).count() };
    Ok(Json(AdminDashboard {
        total_tenants: if is_one { 1 } else { tenants.len() },
        total_users: counts.users,
        total_courses: counts.courses,
        active_users_today: counts.signed_in_today,
        user_growth: growth.into_iter().map(MonthOfGrowth::from).collect(),
        recent_system_events: latest.into_iter().map(SystemEvent::from).collect(),
        platform_alerts: alerts(&counts, &tenants, died, now),
        quick_stats: QuickStats {
            new_users_this_week: counts.new_users_7d,
            new_enrollments_this_week: counts.new_enrollments_7d,
            courses_published_this_week: counts.courses_published_7d,
            courses_completed_this_week: counts.courses_completed_7d,
            active_users_this_week: counts.signed_in_7d,
            active_tenants_this_week: active_tenants,
        },
        is_platform_admin: caller.is_superuser,
        tenants_needing_attention: needy(tenants, now),
    }))
}

/// One tenant's counts, or those of all and what they are made of.
async fn counts(
    conn: &mut Conn,
    tenant: Option<TenantId>,
    now: DateTime<Utc>,
) -> ApiResult<(TenantCounts, Vec<PlatformTenant>)> {
    match tenant {
        Some(tenant) => Ok((TenantCounts::count(conn, tenant, now).await?, Vec::new())),
        None => {
            let tenants = PlatformTenant::all(conn).await?;
            let counted = tenants.iter().filter_map(|tenant| tenant.counts);
            Ok((counted.fold(TenantCounts::default(), |sum, counts| sum + counts), tenants))
        }
    }
}

impl From<Growth> for MonthOfGrowth {
    fn from(Growth { month, users }: Growth) -> Self {
        Self { month: month.format("%b %Y").to_string(), users }
    }
}

impl From<AuditEntry> for SystemEvent {
    fn from(entry: AuditEntry) -> Self {
        let subject = entry.subject_type.replace('_', " ");
        let name = entry.subject_name.map(|name| format!(" {name}")).unwrap_or_default();
        Self {
            id: entry.id,
            kind: format!("{}_{}", entry.subject_type, entry.action).to_ascii_uppercase(),
            description: format!("{} of {subject}{name}", entry.action.replace('_', " ")),
            user_email: entry.actor.map_or_else(|| "System".to_owned(), |(email, ..)| email),
            timestamp: entry.at,
        }
    }
}

/// Nobody signed in for a month, in a tenant that is older than that and not switched off.
fn is_asleep(tenant: &PlatformTenant, counts: &TenantCounts, now: DateTime<Utc>) -> bool {
    tenant.is_active && tenant.created_at < now - TimeDelta::days(30) && counts.users > 0 && counts.signed_in_30d == 0
}

fn alerts(counts: &TenantCounts, tenants: &[PlatformTenant], died: i64, now: DateTime<Utc>) -> Vec<Alert> {
    let mut alerts = Vec::new();
    if died > 0 {
        alerts.push(Alert {
            kind: "system_errors",
            severity: Severity::High,
            title: "System errors",
            message: format!("{died} jobs have failed for good within 24 hours."),
            action_url: "/admin/analytics?tab=event-log",
            action_label: "Look at what happened",
        });
    }
    if counts.invited > 0 {
        alerts.push(Alert {
            kind: "pending_approvals",
            severity: if counts.invited < 10 { Severity::Medium } else { Severity::High },
            title: "Open invitations",
            message: format!("{} people have not accepted their invitation.", counts.invited),
            action_url: "/admin/users?status=invited",
            action_label: "Look at them",
        });
    }
    let sleeps = |tenant: &&PlatformTenant| tenant.counts.is_some_and(|counts| is_asleep(tenant, &counts, now));
    let asleep = tenants.iter().filter(sleeps).count();
    if asleep > 0 {
        alerts.push(Alert {
            kind: "inactive_tenants",
            severity: if asleep < 3 { Severity::Low } else { Severity::Medium },
            title: "Inactive tenants",
            message: format!("In {asleep} tenants nobody signed in for 30 days."),
            action_url: "/admin/tenants",
            action_label: "Look at the tenants",
        });
    }
    alerts.sort_by_key(|alert| alert.severity);
    alerts
}

/// What is wrong with a tenant.
fn issues(tenant: &PlatformTenant, counts: &TenantCounts, now: DateTime<Utc>) -> Vec<Issue> {
    let mut issues = Vec::new();
    let mut add =
        |kind, severity, message: String, suggestion| issues.push(Issue { kind, message, suggestion, severity });
    if is_asleep(tenant, counts, now) {
        add("inactive_tenant", Severity::High, "Nobody signed in for 30 days".to_owned(), "Ask whether they go on.");
    }
    if counts.users > 0 && counts.courses == 0 {
        add("no_courses", Severity::Medium, "People, but no courses".to_owned(), "Help them to make the first one.");
    }
    if counts.users >= 5 && counts.signed_in_14d * 5 < counts.users {
        let message = format!("{} of {} signed in within 14 days", counts.signed_in_14d, counts.users);
        add("low_engagement", Severity::Medium, message, "Ask what is in their way.");
    }
    if counts.courses > 0 && counts.enrollments == 0 {
        add("no_enrollments", Severity::Medium, "Courses, but nobody in them".to_owned(), "Show them how to enroll.");
    }
    issues
}

/// The ten tenants that need attention most.
fn needy(tenants: Vec<PlatformTenant>, now: DateTime<Utc>) -> Vec<NeedyTenant> {
    let mut needy: Vec<_> = tenants
        .into_iter()
        .filter_map(|tenant| {
            let counts = tenant.counts?;
            let issues = issues(&tenant, &counts, now);
            (!issues.is_empty()).then(|| NeedyTenant {
                tenant_id: tenant.id,
                tenant_name: tenant.name,
                tenant_slug: tenant.slug,
                total_users: counts.users,
                total_courses: counts.courses,
                total_enrollments: counts.enrollments,
                severity: worst(&issues),
                issues,
            })
        })
        .collect();
    needy.sort_by_key(|tenant| tenant.severity);
    needy.truncate(10);
    needy
}
