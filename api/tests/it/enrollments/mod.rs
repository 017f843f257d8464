//! Enrollments: who takes part, and how far they are.

mod enrolling;
mod listing;
mod progress;
mod terms;
