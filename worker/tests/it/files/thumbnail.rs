//! Smaller pictures of pictures.

use shared::files::{FileRow, ThumbnailSize, thumbnail_key};

use super::{picture, row, seen};
use crate::world::World;

async fn thumbnail(world: &World, row: &FileRow, size: ThumbnailSize) -> image::DynamicImage {
    let key = thumbnail_key(world.tenant, row.content.id, size);
    let bytes = world.services.storage.get(&key).await.expect("a thumbnail");
    assert!(bytes.starts_with(b"\xff\xd8\xff"), "a JPEG");
    image::load_from_memory(&bytes).expect("a picture")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_gets_smaller_ones_that_fit_on_white() {
    let world = World::make().await;
    for format in [image::ImageFormat::Png, image::ImageFormat::WebP, image::ImageFormat::Bmp] {
        let name = format!("picture.{}", format.extensions_str()[0]);
        let row = seen(&world, &name, &picture(800, 400, format)).await;
        assert_eq!((row.content.width, row.content.height), (Some(800), Some(400)));
        assert!(row.content.thumbnails_at.is_some(), "{name}");
        for (size, width, height) in
            [(ThumbnailSize::Small, 150, 75), (ThumbnailSize::Medium, 300, 150), (ThumbnailSize::Large, 600, 300)]
        {
            let made = thumbnail(&world, &row, size).await;
            assert_eq!((made.width(), made.height()), (width, height), "{name}");
            let [red, green, _] = made.to_rgb8().get_pixel(10, 10).0;
            assert!(
                (210..=245).contains(&red) && (120..=160).contains(&green),
                "half transparent on white: {red} {green}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_small_stays_as_it_is() {
    let world = World::make().await;
    let row = seen(&world, "dot.png", &picture(20, 10, image::ImageFormat::Png)).await;
    for size in ThumbnailSize::ALL {
        let made = thumbnail(&world, &row, size).await;
        assert_eq!((made.width(), made.height()), (20, 10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_cannot_be_decoded_has_none_and_is_given_up() {
    let world = World::make().await;
    let mut broken = picture(300, 300, image::ImageFormat::Png);
    let middle = broken.len() / 2;
    broken.truncate(middle);
    let row_seen = seen(&world, "broken.png", &broken).await;
    let dead = world.texts("select state::text as text from jobs where kind = 'files.thumbnail'").await;
    assert_eq!(dead, ["dead"]);
    assert!(row(&world, row_seen.file.id).await.content.thumbnails_at.is_none());
}
