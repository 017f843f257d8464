//! What the worker runs.

pub mod certificates;
