//! Dashboards: one page of figures for a learner, an instructor, an administrator, the platform.
//!
//! `docs/dashboards.md` states the formula of each figure; the statements beside this file are those
//! formulas. Each dashboard takes the same few statements however much there is to look at.

mod admin;
mod in_progress;
mod instructor;
pub mod jobs;
mod learner;
mod platform;
mod recommendation;

pub use admin::{Growth, died_lately};
pub use in_progress::{CourseInProgress, NextItem, Place};
pub use instructor::{AtRisk, CourseStanding, Deadline, InstructorNumbers, Step, TopStudent};
pub use learner::{Achievement, Activity, LearnerDeadline, LearnerNumbers};
pub use platform::{PlatformTenant, TenantCounts};
pub use recommendation::{Recommendation, recommend};
