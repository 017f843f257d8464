//! What the worker runs.
