//! Discussions: what those who take part in a course say to each other.

mod bookmark;
mod error;
mod policy;
mod reply;
mod thread;
mod turns;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// Read and write in the discussions of one's courses.
    UseDiscussions;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(thread::list_threads, thread::open_thread))
        .routes(routes!(thread::show_thread, thread::update_thread, thread::delete_thread))
        .routes(routes!(turns::like_thread))
        .routes(routes!(turns::bookmark_thread))
        .routes(routes!(turns::follow_thread))
        .routes(routes!(turns::view_thread))
        .routes(routes!(turns::pin_thread))
        .routes(routes!(turns::lock_thread))
        .routes(routes!(turns::hide_thread))
        .routes(routes!(reply::list_replies, reply::write_reply))
        .routes(routes!(reply::show_reply, reply::update_reply, reply::delete_reply))
        .routes(routes!(turns::like_reply))
        .routes(routes!(turns::hide_reply))
        .routes(routes!(bookmark::list_bookmarks))
}
