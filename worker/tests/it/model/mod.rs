//! The life of a job as a state machine (`shared::testing::job_model`): explored exhaustively, held
//! against the real statements, and let loose in a simulation of the whole machine.

mod executed;
mod explored;
mod same_as_sql;
mod simulated;
