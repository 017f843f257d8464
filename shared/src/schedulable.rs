//! What operators may have done by the clock.

use crate::jobs::PruneJobs;
use crate::jobs::schedule::Schedulable;
use crate::{analytics, certificates, dashboards, enrollments, files};

/// The kinds of job of which operators may make schedules, one line a kind.
pub fn schedulable() -> Vec<Schedulable> {
    vec![
        Schedulable::of::<analytics::jobs::RollUpRecentDays>(),
        Schedulable::of::<certificates::jobs::TellOfExpiries>(),
        Schedulable::of::<dashboards::jobs::CountTenants>(),
        Schedulable::of::<enrollments::jobs::ExpireEnrollmentsEverywhere>(),
        Schedulable::of::<files::jobs::CleanUp>(),
        Schedulable::of::<files::jobs::SweepStore>(),
        Schedulable::of::<PruneJobs>(),
    ]
}
