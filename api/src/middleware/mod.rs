//! What happens around every request, outermost first: the address is brought to its canonical
//! form, the request gets an id, is logged and counted, its errors get the one shape, its size and
//! time are limited, and a POST that names itself is done once.

pub mod address;
pub mod idempotency;
pub mod limits;
pub mod log;
pub mod request_id;
pub mod tags;
