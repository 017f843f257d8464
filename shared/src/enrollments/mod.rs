//! Who learns what, and how far they are.

pub mod jobs;
