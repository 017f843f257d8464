//! Whether an archive can be unpacked without harm: what it says of itself is not believed.

use std::fs::File;
use std::io::{BufReader, Read, Seek};

use shared::files::Kind;
use zip::ZipArchive;
use zip::result::ZipError;

use super::sample::Finder;
use super::{Refusal, Seen};

/// Files in an archive: courses have thousands.
const MOST_ENTRIES: usize = 20_000;
/// What comes out of it, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;
/// So much may come out of any archive, however small it is.
const HARMLESS: u64 = 64 * 1024 * 1024;
/// How many times larger what comes out may be. Texts are packed to a tenth, seldom to less.
const STEEPEST: u64 = 100;

/// Unpacks it into nothing, and says why that should not be done.
pub(super) fn can_be_unpacked(file: File, size_bytes: i64, document: Option<&Kind>) -> Result<(), Seen> {
    let size = u64::try_from(size_bytes).unwrap_or_default();
    let most = LARGEST.min(HARMLESS.max(size.saturating_mul(STEEPEST)));
    let mut archive = open(file).map_err(Seen::Wrong)?;
    if archive.len() > MOST_ENTRIES {
        return Err(Seen::Wrong(format!("There are more than {MOST_ENTRIES} files in it.")));
    }
    if let Some(kind) = document {
        is_document(&mut archive, kind).map_err(Seen::Wrong)?;
    }
    let mut unpacked = 0;
    for number in 0..archive.len() {
        unpacked += entry(&mut archive, number, most.saturating_sub(unpacked))?;
    }
    Ok(())
}

fn open(mut file: File) -> Result<ZipArchive<BufReader<File>>, Refusal> {
    file.rewind().map_err(|_| cannot_be_read())?;
    ZipArchive::new(BufReader::new(file)).map_err(|_| cannot_be_read())
}

fn cannot_be_read() -> Refusal {
    "It cannot be read as an archive.".to_owned()
}

/// Unpacks an entry, `most` bytes at most; returns how many came out.
fn entry(archive: &mut ZipArchive<BufReader<File>>, number: usize, most: u64) -> Result<u64, Seen> {
    let wrong = |why: &str| Seen::Wrong(why.to_owned());
    let entry = archive.by_index(number).map_err(|error| match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => wrong("It has files that are encrypted."),
        _ => wrong("It has files that cannot be read."),
    })?;
    let name = entry.name().map_err(|_| wrong("It has files without a name."))?.into_owned();
    if leads_out(&name) || entry.is_symlink() {
        return Err(wrong("It has files that would be unpacked outside of their folder."));
    }
    let mut finder = Finder::default();
    let mut out = 0_u64;
    let mut entry = entry.take(most.saturating_add(1));
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = entry.read(&mut buffer).map_err(|_| wrong("It has files that cannot be read."))?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        out = out.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        finder.take(piece);
        if finder.has_found {
            return Err(Seen::Virus);
        }
        if out > most {
            return Err(wrong("Far more comes out of it than any archive of its size should have."));
        }
    }
    Ok(out)
}

/// Whether an entry of this name lands elsewhere than in the folder that it is unpacked into.
fn leads_out(name: &str) -> bool {
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    name.contains('\0')
        || has_drive
        || name.starts_with(['/', '\\'])
        || name.split(['/', '\\']).any(|part| part == "..")
}

/// Whether it has in it what makes an archive a document of this kind.
fn is_document(archive: &mut ZipArchive<BufReader<File>>, kind: &Kind) -> Result<(), Refusal> {
    let part = match kind.extension {
        "docx" => "word/",
        "pptx" => "ppt/",
        "xlsx" => "xl/",
        // OpenDocument and EPUB say what they are in an entry of this name.
        _ => "mimetype",
    };
    if archive.file_names().flatten().any(|name| name.starts_with(part)) {
        return Ok(());
    }
    Err(format!("It is an archive, but no .{}.", kind.extension))
}

#[cfg(test)]
mod tests {
    use super::leads_out;

    #[test]
    fn names_stay_in_their_folder() {
        for name in ["../x", "a/../../x", "/etc/passwd", "C:\\x", "\\x", "a\\..\\x", "a\0b"] {
            assert!(leads_out(name), "{name}");
        }
        for name in ["a/b/c.html", "..a", "a..b/c", "übung/1.txt", "a/"] {
            assert!(!leads_out(name), "{name}");
        }
    }
}
