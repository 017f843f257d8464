//! What holds for every operation, read off the OpenAPI document: nothing to keep by hand when an
//! operation is added.

mod access;
mod bad_input;
mod document;
mod duplicates;
mod errors;
mod foreign_ids;
mod isolation;
mod older_api;
pub(crate) mod operations;
mod pages;
