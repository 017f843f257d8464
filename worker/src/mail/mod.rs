//! E-mail: what is said in it.

pub mod template;
