//! What holds for every operation, read off the OpenAPI document: nothing to keep by hand when an
//! operation is added.

mod errors;
