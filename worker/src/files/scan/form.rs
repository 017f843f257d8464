//! Whether a content is what the end of its name says.

use shared::files::{Family, Kind};

use super::sample::{Sample, contains};
use super::{Refusal, Seen, archive, drawing, picture};

/// The beginning of what Office wrote before it wrote archives.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// The beginning of an archive's first entry.
const ARCHIVE: &[u8] = b"PK\x03\x04";
/// The beginning of the end of an archive's directory, which is so long, its comment aside.
const ARCHIVE_END: &[u8] = b"PK\x05\x06";
const ARCHIVE_END_BYTES: usize = 22;

/// What the content may look like to `infer`, which knows beginnings.
fn looks(kind: &Kind) -> &'static [&'static str] {
    match kind.media_type {
        "image/jpeg" => &["image/jpeg"],
        "image/png" => &["image/png"],
        "image/gif" => &["image/gif"],
        "image/webp" => &["image/webp"],
        "image/bmp" => &["image/bmp"],
        "video/mp4" | "video/quicktime" => &["video/mp4", "video/x-m4v", "video/quicktime"],
        "audio/mp4" => &["audio/m4a", "video/mp4"],
        "video/webm" | "video/x-matroska" => &["video/webm", "video/x-matroska"],
        "video/ogg" | "audio/ogg" => &["audio/ogg", "video/ogg", "audio/opus"],
        "audio/mpeg" => &["audio/mpeg"],
        "audio/wav" => &["audio/x-wav", "audio/wav"],
        "audio/flac" => &["audio/x-flac", "audio/flac"],
        _ => &[],
    }
}

/// Whether it begins as such a file does.
pub(super) fn is_of(kind: &Kind, sample: &Sample) -> Result<(), Refusal> {
    let head = sample.head.as_slice();
    let looks_like = infer::get(head);
    let is_it = match kind.family {
        Family::Archive => head.starts_with(ARCHIVE),
        Family::Office if kind.media_type == "application/rtf" => head.starts_with(b"{\\rtf"),
        Family::Office if is_compound(kind) => head.starts_with(COMPOUND),
        Family::Office => head.starts_with(ARCHIVE),
        Family::Text | Family::Drawing => is_text(head) && looks_like.is_none_or(is_written),
        // Readers take a PDF that begins with something else; then it is two files in one.
        Family::Portable => head.starts_with(b"%PDF-"),
        Family::Picture | Family::Film | Family::Sound => {
            looks_like.is_some_and(|look| looks(kind).contains(&look.mime_type()))
        }
    };
    if is_it {
        return Ok(());
    }
    let instead = looks_like.map(|look| format!(" It looks like {}.", look.mime_type())).unwrap_or_default();
    Err(format!("It is not what the end of its name says, .{}.{instead}", kind.extension))
}

fn is_compound(kind: &Kind) -> bool {
    matches!(kind.media_type, "application/msword" | "application/vnd.ms-powerpoint" | "application/vnd.ms-excel")
}

/// Characters, in any of the usual encodings: no program has a beginning without zeros.
fn is_text(head: &[u8]) -> bool {
    let is_utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    is_utf16 || !head.contains(&0)
}

/// Whether `infer` takes it for something that people write. It is served as a plain text all the
/// same.
fn is_written(look: infer::Type) -> bool {
    matches!(look.matcher_type(), infer::MatcherType::Text) || look.mime_type() == "text/x-shellscript"
}

/// Whether it is nothing else besides: a file that is two is served as one and used as the other.
pub(super) fn hides_nothing(kind: &Kind, sample: &Sample) -> Result<(), Refusal> {
    let is_archive = kind.family == Family::Archive || (kind.family == Family::Office && !is_compound(kind));
    if !is_archive && ends_as_archive(&sample.tail) {
        return Err("There is an archive hidden in it.".to_owned());
    }
    if matches!(kind.family, Family::Picture | Family::Archive | Family::Film | Family::Sound)
        && contains(sample.head.get(..1_024).unwrap_or(&sample.head), b"%PDF-")
    {
        return Err("There is a PDF hidden in it.".to_owned());
    }
    if kind.family == Family::Picture {
        for part in [&sample.head, &sample.tail] {
            let part = part.to_ascii_lowercase();
            if [b"<script".as_slice(), b"<?php", b"<html"].iter().any(|script| contains(&part, script)) {
                return Err("There is a script hidden in it.".to_owned());
            }
        }
    }
    Ok(())
}

/// Whether an archive's directory ends exactly where the content does.
fn ends_as_archive(tail: &[u8]) -> bool {
    let starts = tail.windows(ARCHIVE_END.len()).enumerate().filter(|(_, window)| *window == ARCHIVE_END);
    starts.map(|(at, _)| tail.get(at..).unwrap_or_default()).any(|end| {
        let comment = match end.get(20..ARCHIVE_END_BYTES) {
            Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
            _ => return false,
        };
        end.len() == ARCHIVE_END_BYTES + comment
    })
}

/// Looks into what has an inside; returns the dimensions of a picture.
pub(super) fn inside(kind: &Kind, sample: Sample) -> Result<Option<(i32, i32)>, Seen> {
    let Some(whole) = sample.whole else { return Ok(None) };
    match kind.family {
        Family::Picture => picture::dimensions(whole).map(Some).map_err(Seen::Wrong),
        Family::Drawing => drawing::is_still(whole, sample.size_bytes).map(|()| None).map_err(Seen::Wrong),
        Family::Archive => archive::can_be_unpacked(whole, sample.size_bytes, None).map(|()| None),
        Family::Office if sample.head.starts_with(ARCHIVE) => {
            archive::can_be_unpacked(whole, sample.size_bytes, Some(kind)).map(|()| None)
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::ends_as_archive;

    #[test]
    fn an_archive_ends_where_its_comment_does() {
        let end =
            |comment: &[u8], said: u16| [b"PK\x05\x06".as_slice(), &[0; 16], &said.to_le_bytes(), comment].concat();
        assert!(ends_as_archive(&[b"GIF89a".to_vec(), end(b"", 0)].concat()));
        assert!(ends_as_archive(&end(b"hello", 5)));
        assert!(!ends_as_archive(&end(b"hello", 4)));
        assert!(!ends_as_archive(b"a text that speaks of PK\x05\x06"));
    }
}
