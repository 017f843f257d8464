//! Every kind of job that there is: what the API and the worker both go by.
//!
//! A worker compares this list with its functions when it starts, and does not work when they
//! differ: what the API takes for a kind is one that somebody does.

use crate::jobs::limits::Subject;
use crate::jobs::schedule::Schedulable;
use crate::jobs::{JobKind, PruneJobs};
use crate::{
    analytics, certificates, courses, dashboards, discussions, enrollments, events, files, notifications, tenants,
    users,
};

/// All of them, one line a kind.
pub const ALL: &[JobKind] = &[
    JobKind::of::<PruneJobs>(),
    JobKind::of::<events::jobs::RollUpDay>(),
    JobKind::of::<tenants::jobs::TestEmailSettings>(),
    JobKind::of::<tenants::jobs::TestStorageSettings>(),
    JobKind::of::<users::jobs::SendInvitation>(),
    JobKind::of::<users::jobs::SendPasswordChanged>(),
    JobKind::of::<users::jobs::SendPasswordReset>(),
    JobKind::of::<users::jobs::SyncGroup>(),
    JobKind::of::<files::jobs::CleanUp>(),
    JobKind::of::<files::jobs::CleanUpTenant>(),
    JobKind::of::<files::jobs::MakeThumbnails>(),
    JobKind::of::<files::jobs::PurgeContent>(),
    JobKind::of::<files::jobs::ScanContent>(),
    JobKind::of::<files::jobs::SweepStore>(),
    JobKind::of::<courses::jobs::ContentPublished>(),
    JobKind::of::<courses::jobs::CopyContents>(),
    JobKind::of::<courses::jobs::CourseOpened>(),
    JobKind::of::<courses::jobs::RecountProgress>(),
    JobKind::of::<enrollments::jobs::CourseCompleted>(),
    JobKind::of::<enrollments::jobs::EvaluateCompletion>(),
    JobKind::of::<enrollments::jobs::ExpireEnrollments>(),
    JobKind::of::<enrollments::jobs::ExpireEnrollmentsEverywhere>(),
    JobKind::of::<enrollments::jobs::RunImport>(),
    JobKind::of::<enrollments::jobs::UndoImport>(),
    JobKind::of::<enrollments::jobs::WelcomeLearner>(),
    JobKind::of::<certificates::jobs::CertificateReady>(),
    JobKind::of::<certificates::jobs::DiscardPage>(),
    JobKind::of::<certificates::jobs::DiscardTranscript>(),
    JobKind::of::<certificates::jobs::RenderCertificate>(),
    JobKind::of::<certificates::jobs::RenderTranscript>(),
    JobKind::of::<certificates::jobs::TellOfExpiries>(),
    JobKind::of::<certificates::jobs::TellOfExpiry>(),
    JobKind::of::<discussions::jobs::ReplyPosted>(),
    JobKind::of::<notifications::jobs::DeliverEmail>(),
    JobKind::of::<notifications::jobs::DeliverPush>(),
    JobKind::of::<notifications::jobs::FanOutAnnouncement>(),
    JobKind::of::<notifications::jobs::SendDigest>(),
    JobKind::of::<notifications::jobs::SendScheduledAnnouncement>(),
    JobKind::of::<analytics::jobs::RollUpRecentDays>(),
    JobKind::of::<dashboards::jobs::CountTenant>(),
    JobKind::of::<dashboards::jobs::CountTenants>(),
];

/// What the kind of a job is called among the measures when it is none of these: any text may stand
/// in its row.
pub const UNKNOWN: &str = "unknown";

/// The kind of this name.
pub fn named(name: &str) -> Option<&'static JobKind> {
    ALL.iter().find(|kind| kind.name == name)
}

/// The kinds of which operators may make schedules.
pub fn schedulable() -> impl Iterator<Item = Schedulable> {
    ALL.iter().filter_map(|kind| kind.schedulable)
}

/// Whom kinds call, each once.
pub fn providers() -> impl Iterator<Item = &'static str> {
    let called = ALL.iter().enumerate().filter_map(|(place, kind)| Some((place, kind.provider?)));
    called
        .filter(|(place, provider)| ALL.iter().take(*place).all(|before| before.provider != Some(*provider)))
        .map(|(_, provider)| provider)
}

/// Whether there is such a kind or provider: a limit of what is misspelt would limit nothing.
pub fn knows(subject: &Subject) -> bool {
    match (subject.kind(), subject.provider()) {
        (Some(kind), _) => named(kind).is_some(),
        (None, provider) => provider.is_some_and(|name| providers().any(|known| known == name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelt_is_not_known() {
        for (subject, is_known) in [
            ("kind:files.scan", true),
            ("kind:files.scam", false),
            ("kind:smtp", false),
            ("provider:smtp", true),
            ("provider:post", false),
            ("provider:files.scan", false),
        ] {
            assert_eq!(knows(&subject.parse().expect("a subject")), is_known, "{subject}");
        }
        assert_eq!(providers().collect::<Vec<_>>(), ["smtp"], "each is named once");
    }
}
