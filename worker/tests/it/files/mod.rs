//! Files: looked at, made smaller, removed.

mod clamd;
mod clean_up;
mod scan;
mod thumbnail;

use std::io::{Cursor, Write};

use chrono::TimeDelta;
use shared::files::{Arrived, File, FileRow, FileVersion, NewUpload, Upload};
use shared::ids::FileId;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::world::World;

/// Room for everything.
const QUOTA: i64 = 1_000_000_000_000;

/// The harmless virus that scanners are tested with.
fn eicar() -> Vec<u8> {
    ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

fn new_upload(world: &World, name: &str) -> Upload {
    let new = NewUpload {
        user: world.alice.id,
        filename: name.to_owned(),
        folder: None,
        file: None,
        comment: String::new(),
        expires_at: world.services.clock.now() + TimeDelta::hours(1),
    };
    Upload::new(world.tenant, new, world.services.clock.now())
}

/// A file that has arrived and waits to be looked at.
async fn arrive(world: &World, name: &str, content: &[u8]) -> FileId {
    arrive_as(world, new_upload(world, name), content, None).await
}

async fn arrive_as(world: &World, upload: Upload, content: &[u8], sha256: Option<Vec<u8>>) -> FileId {
    let size_bytes = i64::try_from(content.len()).expect("a size");
    let upload = Upload { reserved_bytes: size_bytes, ..upload };
    let mut conn = world.db.tenant(world.tenant).await;
    upload.begin(&mut conn, QUOTA).await.expect("begun");
    world.services.storage.put(&upload.key(), "application/octet-stream", content.to_vec()).await.expect("stored");
    upload.arrive(&mut conn, Arrived { size_bytes, sha256 }, world.services.clock.now()).await.expect("arrived")
}

/// The file as it is now; none when it is deleted.
async fn find(world: &World, id: FileId) -> Option<FileRow> {
    File::find(&mut *world.db.tenant(world.tenant).await, world.tenant, id).await.expect("an answer")
}

async fn row(world: &World, id: FileId) -> FileRow {
    find(world, id).await.expect("the file")
}

/// A file that was looked at.
async fn seen(world: &World, name: &str, content: &[u8]) -> FileRow {
    let id = arrive(world, name, content).await;
    world.work().await;
    row(world, id).await
}

/// How large the object of a content is in the store.
async fn stored(world: &World, row: &FileRow) -> Option<i64> {
    world.services.storage.size(&row.content.key()).await.expect("an answer")
}

async fn used(world: &World) -> i64 {
    let used = "select coalesce(sum(used_bytes), 0)::text as text from file_quotas";
    world.texts(used).await.concat().parse().expect("a number")
}

/// An archive of these files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        writer.write_all(content).expect("written");
    }
    writer.finish().expect("an archive").into_inner()
}

/// A picture of one colour and some transparency.
fn picture(width: u32, height: u32, format: image::ImageFormat) -> Vec<u8> {
    let image = image::RgbaImage::from_pixel(width, height, image::Rgba([200, 30, 30, 128]));
    let image = image::DynamicImage::ImageRgba8(image);
    let image = if format == image::ImageFormat::Jpeg { image.to_rgb8().into() } else { image };
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

/// The versions of a file, as their numbers and states.
async fn versions(world: &World, file: &File) -> Vec<(i32, String)> {
    let mut conn = world.db.tenant(world.tenant).await;
    let page = FileVersion::list(&mut conn, file, shared::db::Numbered::default()).await.expect("a page");
    page.items.into_iter().map(|row| (row.version.number, row.content.status.to_string())).collect()
}
