//! Smaller pictures of pictures.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgb, RgbImage};
use shared::files::jobs::MakeThumbnails;
use shared::files::{Content, FileStatus, ThumbnailSize, thumbnail_key};

use crate::context::Ctx;
use crate::registry::{Failure, Outcome};

/// Larger pictures are not taken: four of them at once must fit into memory.
pub(super) const MOST_PIXELS: u64 = 50_000_000;
/// What decoding may take.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// Larger files are not decoded.
const LARGEST_BYTES: i64 = 64 * 1024 * 1024;
const QUALITY: u8 = 85;

/// At least once: the same pictures are stored under the same names.
pub async fn make(ctx: Ctx, job: MakeThumbnails) -> Outcome {
    let Some(content) = Content::find(&mut *ctx.conn().await?, ctx.tenant(), job.content_id).await? else {
        return Ok(()); // Deleted meanwhile.
    };
    if content.status != FileStatus::Available || content.discarded_at.is_some() || content.size_bytes > LARGEST_BYTES {
        return Ok(());
    }
    let bytes = ctx.services().storage.get(&content.key()).await?;
    let pictures = tokio::task::spawn_blocking(move || smaller(bytes)).await?;
    // The same bytes give the same error.
    let pictures = pictures.map_err(|error| Failure::GiveUp(error.to_string()))?;
    for (size, picture) in pictures {
        let key = thumbnail_key(ctx.tenant(), content.id, size);
        ctx.services().storage.put(&key, "image/jpeg", picture).await?;
    }
    let is_wanted = content.has_thumbnails(&mut *ctx.conn().await?, ctx.now()).await?;
    if !is_wanted {
        // Discarded while they were made, and perhaps purged before they were stored.
        super::purge::remove(&ctx, &content).await?;
    }
    Ok(())
}

/// The picture in all sizes, upright, on white.
fn smaller(bytes: Vec<u8>) -> image::ImageResult<Vec<(ThumbnailSize, Vec<u8>)>> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    let mut made = Vec::new();
    for size in ThumbnailSize::ALL {
        let pixels = size.pixels();
        let is_smaller = picture.width() <= pixels && picture.height() <= pixels;
        let scaled = if is_smaller { picture.clone() } else { picture.thumbnail(pixels, pixels) };
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&on_white(&scaled))?;
        made.push((size, jpeg));
    }
    Ok(made)
}

/// JPEG knows no transparency.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let blend = |color: u8| {
            let mixed = u16::from(color) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        Rgb([blend(red), blend(green), blend(blue)])
    })
}
