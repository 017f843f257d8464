//! People: who they are, what they may do, and the devices they are signed in on.

mod person;
mod session;
mod user;

pub use person::Person;
pub use session::{Session, SignedIn};
pub use user::{User, UserRole, UserStatus};
