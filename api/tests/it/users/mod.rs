//! The people of a tenant, as administrators see and change them.

mod change;
mod create;
mod list;
