//! People: who they are, what they may do, and the devices they are signed in on.

mod arrival;
mod change;
mod directory;
mod group;
pub mod jobs;
mod one_time_token;
mod password;
mod person;
mod session;
mod user;

pub use arrival::NewUser;
pub use change::{UserChanges, UserError};
pub use directory::{UserFilter, UserOrder, UserRow};
pub use group::{Group, GroupChanges, GroupError, GroupRow, Member, NewGroup, Outcome};
pub use one_time_token::{OneTimePurpose, OneTimeToken};
pub use password::{Arrival, WeakPassword, check_strength};
pub use person::Person;
pub use session::{Because, Continued, Device, Refreshed, Rotation, Session, SignedIn};
pub use user::{Candidate, User, UserRole, UserStatus};
