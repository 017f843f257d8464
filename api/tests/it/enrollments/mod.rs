//! Enrollments: who takes part, and how far they are.

mod enrolling;
mod imports;
mod listing;
mod progress;
mod terms;
