//! What the worker runs.

pub mod certificates;
mod colour;
pub mod mail;
