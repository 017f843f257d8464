//! Files: folders, uploads through us and directly to the store, versions, downloads.

mod attachment;
mod direct;
mod download;
mod error;
mod file;
mod folder;
mod paced;
mod parts;
mod policy;
mod receive;
mod shape;
mod thumbnail;
mod upload;
mod usage;
mod version;

pub use receive::Slots;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::needs;
use crate::app::App;

needs! {
    /// See files and folders, and download.
    ReadFiles;
    /// Upload, and change what one has uploaded.
    WriteFiles;
    /// Make and change folders.
    WriteFolders;
    /// See how much the tenant keeps.
    ReadFileUsage;
    /// Say how much a tenant may keep.
    GovernTenants;
}

/// The domain's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(file::list_files, upload::upload_file))
        .routes(routes!(file::show_file, file::update_file, file::delete_file))
        .routes(routes!(download::download_file))
        .routes(routes!(version::list_file_versions, upload::upload_file_version))
        .routes(routes!(version::show_file_version, version::delete_file_version))
        .routes(routes!(version::download_file_version))
        .routes(routes!(version::restore_file_version))
        .routes(routes!(thumbnail::show_thumbnails, thumbnail::remake_thumbnails))
        .routes(routes!(folder::list_folders, folder::create_folder))
        .routes(routes!(folder::show_folder, folder::update_folder, folder::delete_folder))
        .routes(routes!(direct::create_upload))
        .routes(routes!(direct::show_upload, direct::abort_upload))
        .routes(routes!(parts::sign_upload_parts))
        .routes(routes!(direct::complete_upload))
        .routes(routes!(attachment::show_item_file, attachment::attach_file, attachment::detach_file))
        .routes(routes!(usage::show_file_usage, usage::limit_file_usage))
}
