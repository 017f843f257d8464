//! What passes and what does not, without a virus scanner.

use shared::files::{FileStatus, ScanResult, Upload};

use super::{archive, arrive, arrive_as, eicar, new_upload, picture, row, seen, stored, used, versions};
use crate::world::World;

const PNG: image::ImageFormat = image::ImageFormat::Png;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_what_its_name_says_passes_and_says_that_nobody_looked_for_viruses() {
    let world = World::make().await;
    let document = archive(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")]);
    let opened = archive(&[("mimetype", b"application/epub+zip"), ("META-INF/container.xml", b"<container/>")]);
    let sound = [b"RIFF\x24\0\0\0WAVEfmt ".as_slice(), &[0; 32]].concat();
    let film = [b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".as_slice(), &[0; 64]].concat();
    for (name, content) in [
        ("notes.txt", b"hello".to_vec()),
        ("notes.csv", "Name;Größe\r\n".as_bytes().to_vec()),
        ("latin.txt", b"Gr\xf6\xdfe".to_vec()),
        ("page.md", b"# <script>alert(1)</script>".to_vec()),
        ("picture.png", picture(20, 10, PNG)),
        ("photo.jpeg", picture(20, 10, image::ImageFormat::Jpeg)),
        ("moving.gif", picture(20, 10, image::ImageFormat::Gif)),
        ("picture.webp", picture(20, 10, image::ImageFormat::WebP)),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/></svg>".to_vec()),
        ("paper.pdf", b"%PDF-1.7\n%%EOF".to_vec()),
        ("essay.docx", document),
        ("book.epub", opened),
        ("course.zip", archive(&[("index.html", b"<script>1</script>"), ("a/b.js", b"1")])),
        ("old.doc", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 512]].concat()),
        ("sound.wav", sound),
        ("film.mp4", film),
    ] {
        let row = seen(&world, name, &content).await;
        let details = row.content.scan_details.as_deref();
        assert_eq!(
            (name, row.content.status, details),
            (name, FileStatus::Available, Some("No virus scanner is set up."))
        );
        assert_eq!(row.content.scan_result, Some(ScanResult::Skipped), "{name}");
        assert_eq!(row.content.sha256.map(|hash| hash.len()), Some(32), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_its_name_says_is_rejected_and_leaves_the_store() {
    let world = World::make().await;
    let png = picture(20, 10, PNG);
    for (name, content) in [
        ("program.txt", b"MZ\x90\0\x03\0\0\0".to_vec()),
        ("program.pdf", b"\x7fELF\x02\x01\x01\0".to_vec()),
        ("picture.jpg", png.clone()),
        ("page.png", b"<html><script>alert(1)</script></html>".to_vec()),
        ("paper.pdf", b"junk %PDF-1.7".to_vec()),
        ("notes.txt", b"a\0b".to_vec()),
        ("essay.docx", archive(&[("index.html", b"no essay")])),
        ("course.zip", b"Rar!\x1a\x07\0".to_vec()),
        ("course.zip", b"PK\x03\x04 and no more".to_vec()),
        ("picture.png", png[..20].to_vec()),
        ("drawing.svg", b"<html/>".to_vec()),
        ("film.mp4", b"not a film".to_vec()),
    ] {
        let row = seen(&world, name, &content).await;
        assert_eq!(
            (name, row.content.scan_result),
            (name, Some(ScanResult::Refused)),
            "{:?}",
            row.content.scan_details
        );
        assert_eq!(row.content.status, FileStatus::Rejected);
        assert_eq!((stored(&world, &row).await, row.available()), (None, None), "{name}");
    }
    assert_eq!(used(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_two_at_once_is_rejected() {
    let world = World::make().await;
    let archived = archive(&[("payload.js", b"alert(1)")]);
    let gif = picture(4, 4, image::ImageFormat::Gif);
    for (name, content) in [
        ("moving.gif", [gif.clone(), archived.clone()].concat()),
        ("paper.pdf", [b"%PDF-1.7\n".to_vec(), archived.clone()].concat()),
        ("notes.txt", [b"hello\n".to_vec(), archived].concat()),
        ("moving.gif", [gif.clone(), b"<script>alert(1)</script>".to_vec()].concat()),
        ("moving.gif", [gif, b"%PDF-1.7".to_vec()].concat()),
    ] {
        let row = seen(&world, name, &content).await;
        assert_eq!(row.content.status, FileStatus::Rejected, "{name}: {:?}", row.content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawing_that_runs_is_rejected() {
    let world = World::make().await;
    for drawing in [
        "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "<svg><a href='javascript:alert(1)'><text>x</text></a></svg>",
        "<svg><foreignObject><iframe src='x'/></foreignObject></svg>",
    ] {
        let row = seen(&world, "drawing.svg", drawing.as_bytes()).await;
        assert_eq!(row.content.scan_details.as_deref(), Some("There is a script in it."), "{drawing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_would_fill_the_disk_is_rejected_whatever_it_says_of_itself() {
    let world = World::make().await;
    let bomb = archive(&[("zeros", &vec![0; 200 << 20])]);
    assert!(bomb.len() < 1 << 20, "it is small");
    let row = seen(&world, "bomb.zip", &bomb).await;
    assert_eq!(
        row.content.scan_details.as_deref(),
        Some("Far more comes out of it than any archive of its size should have.")
    );

    // The size that it says is one that would be fine.
    let mut liar = bomb.clone();
    let told = u32::try_from(200 << 20).expect("a number").to_le_bytes();
    let at: Vec<_> = (0..liar.len() - 4).filter(|at| liar[*at..at + 4] == told).collect();
    assert!(!at.is_empty());
    for at in at {
        liar[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    let row = seen(&world, "liar.zip", &liar).await;
    assert_eq!(row.content.status, FileStatus::Rejected);

    let names: Vec<String> = (0..20_001).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let row = seen(&world, "many.zip", &archive(&many)).await;
    assert_eq!(row.content.scan_details.as_deref(), Some("There are more than 20000 files in it."));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_whose_files_lead_out_of_their_folder_is_rejected() {
    let world = World::make().await;
    for name in ["../evil.sh", "a/../../evil.sh", "/etc/cron.d/evil", "..\\evil.bat", "C:\\evil.bat"] {
        let row = seen(&world, "slip.zip", &archive(&[(name, b"x")])).await;
        assert_eq!(
            row.content.scan_details.as_deref(),
            Some("It has files that would be unpacked outside of their folder."),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_virus_is_known_also_in_an_archive_and_without_a_scanner() {
    let world = World::make().await;
    let inside = archive(&[("readme.txt", b"hello"), ("virus.com", &eicar())]);
    for (name, content) in [("virus.txt", eicar()), ("virus.zip", inside)] {
        let row = seen(&world, name, &content).await;
        assert_eq!((name, row.content.scan_result), (name, Some(ScanResult::Infected)));
        assert_eq!(row.content.scan_details.as_deref(), Some("Eicar-Test-Signature"));
        assert_eq!(stored(&world, &row).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_that_is_an_enormous_picture_is_rejected() {
    let world = World::make().await;
    let mut png = picture(8, 8, PNG);
    // Width and height stand behind the name of the first chunk, whose checksum follows.
    png[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let checksum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());
    let row = seen(&world, "huge.png", &png).await;
    assert_eq!(row.content.scan_details.as_deref(), Some("It has more than 50 million pixels."));
}

/// As PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
        }
    }
    !crc
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_that_is_not_the_one_that_was_promised_is_rejected() {
    let world = World::make().await;
    let right = hex("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    for (sha256, status) in [(right, FileStatus::Available), (vec![0; 32], FileStatus::Rejected)] {
        let id = arrive_as(&world, new_upload(&world, "notes.txt"), b"hello", Some(sha256)).await;
        world.work().await;
        assert_eq!(row(&world, id).await.content.status, status);
    }
    let lost = arrive(&world, "notes.txt", b"hello").await;
    let key = row(&world, lost).await.content.key();
    world.services.storage.delete(&key).await.expect("deleted");
    world.work().await;
    assert_eq!(row(&world, lost).await.content.scan_details.as_deref(), Some("It is not in the store."));
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_does_not_pass_leaves_the_one_before_it_current() {
    let world = World::make().await;
    let first = seen(&world, "notes.txt", b"hello").await;
    let renewed = Upload { file_id: Some(first.file.id), ..new_upload(&world, "notes.txt") };
    arrive_as(&world, renewed, &eicar(), None).await;
    world.work().await;

    let now = row(&world, first.file.id).await;

    assert_eq!((now.file.version_number, now.content.id), (1, first.content.id));
    assert_eq!(versions(&world, &now.file).await, [(2, "REJECTED".to_owned()), (1, "AVAILABLE".to_owned())]);
    assert_eq!(used(&world).await, 5);
}
