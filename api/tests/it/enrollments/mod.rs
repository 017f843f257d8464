//! Enrollments: who takes part, and how far they are.

mod enrolling;
mod imports;
mod listing;
mod players;
mod progress;
mod study;
mod terms;
