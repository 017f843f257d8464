//! Dashboards: one page of figures for a learner, an instructor, an administrator, the platform.
//!
//! `docs/dashboards.md` states the formula of each figure; the statements beside this file are those
//! formulas. Each dashboard takes the same few statements however much there is to look at.

mod admin;
mod instructor;
pub mod jobs;
mod learner;
mod platform;
mod recommendation;

pub use admin::Growth;
pub use instructor::{AtRisk, CourseStanding, Deadline, InstructorNumbers, Step, TopStudent};
pub use learner::{Achievement, Activity, CourseInProgress, LearnerDeadline, LearnerNumbers};
pub use platform::{PlatformTenant, TenantCounts};
pub use recommendation::{Recommendation, recommend};
