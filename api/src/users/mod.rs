//! The people of a tenant, and groups of them.

mod group;
mod member;
mod policy;
mod profile;
mod standing;
mod user;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

pub use profile::{UpdateProfile, UserOut};

needs! {
    /// See the tenant's people.
    ReadUsers;
    /// Invite, change, suspend and delete people.
    WriteUsers;
    /// See what learner groups there are, and how large they are.
    ReadGroups;
    /// Change learner groups, and see who is in them.
    WriteGroups;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(user::list_users, user::create_user))
        .routes(routes!(user::show_user, user::update_user, user::delete_user))
        .routes(routes!(standing::suspend_user))
        .routes(routes!(standing::activate_user))
        .routes(routes!(standing::invite_user))
        .routes(routes!(group::list_groups, group::create_group))
        .routes(routes!(group::show_group, group::update_group, group::delete_group))
        .routes(routes!(member::list_members, member::add_members))
        .routes(routes!(member::remove_members))
        .routes(routes!(member::remove_member))
}
