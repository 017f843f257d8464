//! When content is open.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::courses::CourseError;

/// When a module or an item is open: from an instant, from so many days after somebody began, until
/// an instant; always, as far as none of them is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Queryable)]
pub struct Window {
    pub release_at: Option<DateTime<Utc>>,
    /// Days after the learner began to take part.
    pub release_after_days: Option<i32>,
    pub available_until: Option<DateTime<Utc>>,
}

impl Window {
    /// When it opens for somebody who takes part since `since`; of both dates the later one counts.
    /// For those who do not take part only the fixed one is known.
    pub fn opens_at(self, since: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let relative = since.zip(self.release_after_days).map(|(since, days)| {
            // What is so far away that the calendar ends before does not open.
            since.checked_add_signed(TimeDelta::days(days.into())).unwrap_or(DateTime::<Utc>::MAX_UTC)
        });
        self.release_at.max(relative)
    }

    /// Whether it closes before it opens.
    pub fn is_empty(self) -> bool {
        self.release_at.zip(self.available_until).is_some_and(|(from, until)| until <= from)
    }
}

/// What changes of a window. What is none stays, and what is some of none is given no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WindowChanges {
    pub release_at: Option<Option<DateTime<Utc>>>,
    pub release_after_days: Option<Option<i32>>,
    pub available_until: Option<Option<DateTime<Utc>>>,
}

impl WindowChanges {
    /// The window after these changes.
    ///
    /// # Errors
    /// It would close before it opens.
    pub fn on(self, window: Window) -> Result<Window, CourseError> {
        let changed = Window {
            release_at: self.release_at.unwrap_or(window.release_at),
            release_after_days: self.release_after_days.unwrap_or(window.release_after_days),
            available_until: self.available_until.unwrap_or(window.available_until),
        };
        if changed.is_empty() { Err(CourseError::WindowEmpty) } else { Ok(changed) }
    }
}
