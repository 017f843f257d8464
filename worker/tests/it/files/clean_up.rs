//! Nothing stays in the store that nobody has.

use chrono::TimeDelta;
use shared::files::jobs::{CleanUp, SweepStore};
use shared::files::{Content, FileStatus, ThumbnailSize, original_key, store_prefix, thumbnail_key};
use shared::ids::{FileContentId, TenantId};

use super::{QUOTA, arrive, find, new_upload, picture, row, seen, stored, used};
use crate::world::World;

/// All objects of files that the store has.
async fn objects(world: &World) -> Vec<String> {
    let listed = world.services.storage.list(&store_prefix(None), None).await.expect("a list");
    listed.objects.into_iter().map(|object| object.key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_file_leaves_the_store_with_its_pictures() {
    let world = World::make().await;
    let row = seen(&world, "picture.png", &picture(400, 400, image::ImageFormat::Png)).await;
    assert_eq!(objects(&world).await.len(), 4);
    let mut conn = world.db.tenant(world.tenant).await;
    row.file.delete(&mut conn, None, world.services.clock.now()).await.expect("deleted");
    drop(conn);

    world.work().await;

    assert_eq!(objects(&world).await, Vec::<String>::new());
    assert_eq!((find(&world, row.file.id).await, used(&world).await), (None, 0));
    assert_eq!(world.texts("select id::text as text from file_contents").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_nobody_finishes_is_given_up_and_its_room_is_free() {
    let world = World::make().await;
    let upload = shared::files::Upload { reserved_bytes: 7_000_000, ..new_upload(&world, "film.mp4") };
    let mut conn = world.db.tenant(world.tenant).await;
    upload.begin(&mut conn, QUOTA).await.expect("begun");
    let storage = &world.services.storage;
    let name = storage.begin_parts(&upload.key()).await.expect("begun");
    upload.goes_in_parts(&mut conn, &name).await.expect("noted");
    drop(conn);
    storage.put_part(&upload.key(), &name, 1, vec![1; 6_000_000].into()).await.expect("a part");

    world.enqueue_platform(&CleanUp {}).await;
    world.work().await;
    assert_eq!(used(&world).await, 7_000_000, "it has time");

    world.enqueue_platform(&CleanUp {}).await;
    world.work_after(TimeDelta::hours(2)).await;

    assert_eq!(used(&world).await, 0);
    assert_eq!(storage.parts(&upload.key(), &name).await.expect("an answer"), []);
    assert_eq!(world.texts("select id::text as text from file_uploads").await, Vec::<String>::new());
    let mut conn = world.db.tenant(world.tenant).await;
    let late = shared::files::Arrived { size_bytes: 6_000_000, sha256: None };
    let refused = upload.arrive(&mut conn, late, world.services.clock.now()).await;
    assert!(matches!(refused, Err(shared::files::FileError::Gone)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_whose_job_was_lost_is_looked_at_after_all() {
    let world = World::make().await;
    let id = arrive(&world, "notes.txt", b"hello").await;
    world.texts("delete from jobs returning id::text as text").await;
    world.work().await;
    assert_eq!(row(&world, id).await.content.status, FileStatus::Processing);

    world.services.clock.advance(TimeDelta::hours(2));
    world.enqueue_platform(&CleanUp {}).await;
    world.work_after(TimeDelta::zero()).await;

    assert_eq!(row(&world, id).await.content.status, FileStatus::Available);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_no_row_speaks_of_are_swept_away_when_they_are_old() {
    let world = World::make().await;
    let kept = seen(&world, "picture.png", &picture(40, 40, image::ImageFormat::Png)).await;
    let storage = &world.services.storage;
    let orphan = FileContentId::new();
    let keys = [
        original_key(world.tenant, orphan),
        thumbnail_key(world.tenant, orphan, ThumbnailSize::Small),
        original_key(TenantId::new(), FileContentId::new()),
    ];
    for key in &keys {
        storage.put(key, "text/plain", b"lost".to_vec()).await.expect("stored");
    }
    storage.put("tenants/x/certificates/y.pdf", "application/pdf", b"%PDF".to_vec()).await.expect("stored");

    // The store's clock is the wall's.
    let wall = chrono::Utc::now() - world.services.clock.now();
    world.services.clock.advance(wall);
    world.enqueue_platform(&SweepStore {}).await;
    world.work_after(TimeDelta::zero()).await;
    assert_eq!(objects(&world).await.len(), 7, "they are young");

    world.enqueue_platform(&SweepStore {}).await;
    world.work_after(TimeDelta::days(2)).await;

    let left = objects(&world).await;
    assert!(keys.iter().all(|key| !left.contains(key)), "{left:?}");
    assert_eq!(left.len(), 4);
    assert!(stored(&world, &kept).await.is_some());
    assert!(storage.size("tenants/x/certificates/y.pdf").await.expect("an answer").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_that_is_in_use_is_not_purged() {
    let world = World::make().await;
    let kept = seen(&world, "notes.txt", b"hello").await;
    let job = shared::files::jobs::PurgeContent { tenant_id: world.tenant, content_id: kept.content.id };
    world.enqueue(&job).await;
    world.work().await;
    assert!(stored(&world, &kept).await.is_some());
    let mut conn = world.db.tenant(world.tenant).await;
    assert!(Content::find(&mut conn, world.tenant, kept.content.id).await.expect("an answer").is_some());
}

#[test]
fn payloads_outlive_releases() {
    let id = "01935b7e-2c1f-7d3a-8f60-0242ac120002";
    let text = format!(r#"{{"tenant_id":"{id}","content_id":"{id}"}}"#);
    let job: shared::files::jobs::ScanContent = serde_json::from_str(&text).expect("readable");
    assert_eq!(serde_json::to_string(&job).expect("JSON"), text);
    let job: shared::files::jobs::MakeThumbnails = serde_json::from_str(&text).expect("readable");
    assert_eq!(serde_json::to_string(&job).expect("JSON"), text);
    let job: shared::files::jobs::PurgeContent = serde_json::from_str(&text).expect("readable");
    assert_eq!(serde_json::to_string(&job).expect("JSON"), text);
}
