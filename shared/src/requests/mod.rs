//! Around requests: answers that are kept for POSTs that name themselves, and throttles.

mod idempotency;
mod throttle;

pub use idempotency::{Found, IdempotencyKey, StoredAnswer};
pub use throttle::{Throttle, ThrottleRule};
