//! Whether somebody may see what is in a course, and why not: the one place that decides.
//!
//! [`Access`] holds the facts about one person, one course and one instant, which a constant number
//! of queries loads however large the course is; everything else here is computed from them. Content
//! leaves the domain as [`SeenItem`] and [`SeenModule`] only, which [`Access`] alone makes: what is
//! denied has lost its body by then.

mod explain;
mod load;
mod reason;
mod seen;
#[cfg(test)]
mod tests;
mod window;

use chrono::{DateTime, Utc};

use super::module_prerequisite::ModulePrerequisiteRow;
use super::{CourseStatus, EnrollmentStatus, PrerequisiteType, Standing, UnmetPrerequisite};
use crate::ids::ModuleId;

pub use explain::{ExplainedItem, ExplainedModule};
pub use reason::{ModuleLink, Part, Reason, UnmetModule};
pub use seen::{SeenItem, SeenModule};
pub use window::{Window, WindowChanges};

/// What is known of a person and a course at an instant.
///
/// Another instant than the present moves the clock and nothing else: enrollments and progress are
/// as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// They run the course, and see all of it at any time.
    pub runs: bool,
    pub course_status: CourseStatus,
    /// Their enrollment, whatever its status.
    pub standing: Option<Standing>,
    /// The required courses in which they are not far enough to enroll. Not looked up for those who
    /// take part: they have been let in.
    pub unmet_courses: Vec<UnmetPrerequisite>,
    /// What comes before the course's modules, and how much of it they have done.
    pub module_prerequisites: Vec<ModulePrerequisiteRow>,
    pub at: DateTime<Utc>,
}

/// Whether something may be seen: when nothing stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// Whether it may be seen whole.
    pub fn is_allowed(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Whether not even its title may be seen.
    pub fn hides(&self) -> bool {
        self.reasons.iter().any(Reason::hides)
    }
}

/// A module, as far as deciding about it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleGate {
    pub id: ModuleId,
    pub window: Window,
}

/// An item, as far as deciding about it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemGate {
    pub is_published: bool,
    pub window: Window,
}

impl Access {
    /// Whether they take part in the course.
    pub fn takes_part(&self) -> bool {
        self.standing.is_some_and(|standing| standing.takes_part(self.at))
    }

    /// Whether they may see what is in the course, as far as that is the same for all of it.
    pub fn course(&self) -> Decision {
        let mut reasons = Vec::new();
        if !self.runs {
            if self.course_status == CourseStatus::Draft {
                reasons.push(Reason::NotPublished(Part::Course));
            }
            if self.course_status == CourseStatus::Archived && !self.takes_part() {
                reasons.push(Reason::CourseArchived);
            }
            reasons.extend(self.absence());
            if self.would_enroll() {
                reasons.extend(self.unmet_courses.iter().cloned().map(Reason::PrerequisiteCourse));
            }
        }
        Decision { reasons }
    }

    /// Whether they may see what is in a module, as far as that is the same for all of it.
    pub fn module(&self, module: ModuleGate) -> Decision {
        let mut decision = self.course();
        if !self.runs {
            decision.reasons.extend(self.closed(Part::Module, module.window));
            decision.reasons.extend(self.unmet_modules(module.id).map(Reason::PrerequisiteModule));
        }
        decision
    }

    /// Whether they may see an item.
    pub fn item(&self, module: ModuleGate, item: ItemGate) -> Decision {
        let mut decision = self.module(module);
        if !self.runs {
            if !item.is_published {
                decision.reasons.push(Reason::NotPublished(Part::Item));
            }
            decision.reasons.extend(self.closed(Part::Item, item.window));
        }
        decision
    }

    /// The modules that have to be done before this one, and are not. One of a draft keeps it shut like
    /// the others, and has no name for those who do not run the course.
    pub fn unmet_modules(&self, module: ModuleId) -> impl Iterator<Item = UnmetModule> + '_ {
        self.before(module).filter(|row| !row.is_met()).map(|row| UnmetModule {
            module: (self.runs || !row.in_draft)
                .then(|| ModuleLink { id: row.prerequisite.prerequisite_module_id, title: row.title.clone() }),
            done: row.done,
            required: row.required,
        })
    }

    /// What comes before this module and is required.
    fn before(&self, module: ModuleId) -> impl Iterator<Item = &ModulePrerequisiteRow> {
        self.module_prerequisites.iter().filter(move |row| {
            row.prerequisite.module_id == module && row.prerequisite.prerequisite_type == PrerequisiteType::Required
        })
    }

    /// Why they do not take part.
    fn absence(&self) -> Option<Reason> {
        let Some(standing) = self.standing else { return Some(Reason::NotEnrolled) };
        if standing.takes_part(self.at) {
            return None;
        }
        Some(match standing.status {
            EnrollmentStatus::Pending => Reason::EnrollmentPending,
            EnrollmentStatus::Cancelled => Reason::EnrollmentCancelled,
            EnrollmentStatus::Active | EnrollmentStatus::Expired | EnrollmentStatus::Completed => {
                Reason::EnrollmentExpired(standing.expires_at)
            }
        })
    }

    /// Whether the next step would be theirs. Whoever waits for an approval has asked already.
    fn would_enroll(&self) -> bool {
        !self.takes_part() && self.standing.is_none_or(|standing| standing.status != EnrollmentStatus::Pending)
    }

    /// Why something is not open now.
    fn closed(&self, part: Part, window: Window) -> Option<Reason> {
        let begun = self.standing.filter(|standing| standing.status != EnrollmentStatus::Pending);
        let since = begun.map(|standing| standing.since());
        if let Some(end) = window.available_until.filter(|end| *end <= self.at) {
            return Some(Reason::NoLongerAvailable(part, end));
        }
        window.opens_at(since).filter(|opens| self.at < *opens).map(|opens| Reason::NotReleased(part, opens))
    }
}
