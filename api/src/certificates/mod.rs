//! Certificates: one's own, their pages, and their verification by anybody.

mod certificate;
mod download;
mod page;
mod policy;
mod rule;
mod transcript;
mod verify;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// See certificates.
    ReadCertificates;
    /// Revoke and reissue them.
    WriteCertificates;
    /// Say how a course's certificates are given.
    WriteCourses;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(certificate::list_certificates))
        .routes(routes!(certificate::list_my_certificates))
        .routes(routes!(certificate::show_certificate))
        .routes(routes!(certificate::revoke_certificate))
        .routes(routes!(certificate::reissue_certificate))
        .routes(routes!(download::download_certificate))
        .routes(routes!(verify::verify_certificate))
        .routes(routes!(transcript::ask_for_transcript))
        .routes(routes!(transcript::download_transcript))
        .routes(routes!(rule::show_certificate_rule, rule::set_certificate_rule))
}
