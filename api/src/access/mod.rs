//! Who is calling, in which tenant, and what they may do.
//!
//! A handler's first parameter says who may call it: [`Can<N>`] for a caller in a tenant,
//! [`CanAnywhere<N>`] where a superuser may also act across tenants, [`Anyone`] and [`AnyoneIn`] for the few
//! open endpoints. There is no other way to get at the caller.

mod caller;
mod permission;
mod session_loader;
mod tenant_choice;
mod token;

pub use caller::{Anyone, AnyoneIn, Caller, Can, CanAnywhere, Maybe, authenticate};
pub(crate) use permission::needs;
pub use permission::{Need, Permission, allows};
pub use session_loader::SessionLoader;
pub use token::{AccessClaims, TokenKeys};
