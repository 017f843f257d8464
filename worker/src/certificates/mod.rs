//! Certificates: the document that a learner takes away.

pub mod render;
