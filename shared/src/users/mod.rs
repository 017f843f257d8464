//! People: who they are, what they may do, and the devices they are signed in on.

mod session;
mod user;

pub use session::{Session, SignedIn};
pub use user::{User, UserRole, UserStatus};
