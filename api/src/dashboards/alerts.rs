//! What a dashboard calls attention to.

use serde::Serialize;
use utoipa::ToSchema;

/// How much it matters; the most comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    High,
    Medium,
    Low,
}

/// Something to be looked at, and where.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "pending_approvals")]
    pub(super) kind: &'static str,
    pub(super) severity: Severity,
    pub(super) title: &'static str,
    pub(super) message: String,
    /// A path of the web client.
    pub(super) action_url: &'static str,
    pub(super) action_label: &'static str,
}

/// One of the reasons why something needs attention.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Issue {
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "low_enrollment")]
    pub(super) kind: &'static str,
    pub(super) message: String,
    /// What could be done.
    pub(super) suggestion: &'static str,
    #[serde(skip)]
    pub(super) severity: Severity,
}

/// The worst of several.
pub(super) fn worst(issues: &[Issue]) -> Severity {
    issues.iter().map(|issue| issue.severity).min().unwrap_or(Severity::Low)
}
