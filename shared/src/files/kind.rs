//! The kinds of file that are taken. A file's name decides its kind, and its content must be of it.

/// What a file is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Made of pixels: browsers show it, and smaller pictures are made of it.
    Picture,
    /// Made of lines, and possibly of scripts: never shown from here, only saved.
    Drawing,
    /// Browsers show it.
    Portable,
    /// For programs of an office.
    Office,
    /// Other files in one.
    Archive,
    /// Browsers play it.
    Film,
    /// Browsers play it.
    Sound,
    /// Characters.
    Text,
}

/// A kind of file.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The end of the name, in lower case, without the dot.
    pub extension: &'static str,
    /// As it is served.
    pub media_type: &'static str,
    pub family: Family,
}

macro_rules! kinds {
    ($($extension:literal $media_type:literal $family:ident,)*) => {
        [$(Kind { extension: $extension, media_type: $media_type, family: Family::$family }),*]
    };
}

/// All of them. What is not here is refused: programs and pages with scripts first of all.
const KINDS: [Kind; 40] = kinds![
    "jpg" "image/jpeg" Picture,
    "jpeg" "image/jpeg" Picture,
    "png" "image/png" Picture,
    "gif" "image/gif" Picture,
    "webp" "image/webp" Picture,
    "bmp" "image/bmp" Picture,
    "svg" "image/svg+xml" Drawing,
    "pdf" "application/pdf" Portable,
    "docx" "application/vnd.openxmlformats-officedocument.wordprocessingml.document" Office,
    "pptx" "application/vnd.openxmlformats-officedocument.presentationml.presentation" Office,
    "xlsx" "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" Office,
    "odt" "application/vnd.oasis.opendocument.text" Office,
    "odp" "application/vnd.oasis.opendocument.presentation" Office,
    "ods" "application/vnd.oasis.opendocument.spreadsheet" Office,
    "epub" "application/epub+zip" Office,
    "doc" "application/msword" Office,
    "ppt" "application/vnd.ms-powerpoint" Office,
    "xls" "application/vnd.ms-excel" Office,
    "rtf" "application/rtf" Office,
    "zip" "application/zip" Archive,
    "h5p" "application/zip" Archive,
    "mp4" "video/mp4" Film,
    "m4v" "video/mp4" Film,
    "webm" "video/webm" Film,
    "mov" "video/quicktime" Film,
    "mkv" "video/x-matroska" Film,
    "ogv" "video/ogg" Film,
    "mp3" "audio/mpeg" Sound,
    "m4a" "audio/mp4" Sound,
    "ogg" "audio/ogg" Sound,
    "oga" "audio/ogg" Sound,
    "wav" "audio/wav" Sound,
    "flac" "audio/flac" Sound,
    "txt" "text/plain" Text,
    "md" "text/markdown" Text,
    "csv" "text/csv" Text,
    "tsv" "text/tab-separated-values" Text,
    "vtt" "text/vtt" Text,
    "srt" "application/x-subrip" Text,
    "json" "application/json" Text,
];

impl Kind {
    /// The kind of a file with this name; none when such files are not taken.
    pub fn of(filename: &str) -> Option<&'static Self> {
        let (_, extension) = filename.rsplit_once('.')?;
        KINDS.iter().find(|kind| kind.extension.eq_ignore_ascii_case(extension))
    }

    /// The kind that is served so. Where several are, they are one to the scan.
    pub fn of_media_type(media_type: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.media_type == media_type)
    }

    /// The extensions of all kinds, for telling what is taken.
    pub fn extensions() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|kind| kind.extension)
    }

    /// Whether a browser may show it in its place. What could carry a script is only saved.
    pub const fn may_be_shown(&self) -> bool {
        matches!(self.family, Family::Picture | Family::Portable | Family::Film | Family::Sound)
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Kind};

    #[test]
    fn the_end_of_the_name_decides() {
        assert_eq!(Kind::of("Notes.v2.PDF").map(|kind| kind.media_type), Some("application/pdf"));
        for refused in ["setup.exe", "page.html", "macro.docm", "run.sh", "README", "archive.tar.gz", ".", "pdf"] {
            assert_eq!(Kind::of(refused), None, "{refused}");
        }
    }

    #[test]
    fn what_may_carry_a_script_is_never_shown() {
        for extension in Kind::extensions() {
            let kind = Kind::of(&format!("x.{extension}")).expect("a kind");
            let scripts = matches!(kind.family, Family::Drawing | Family::Text | Family::Archive | Family::Office);
            assert!(!(scripts && kind.may_be_shown()), "{extension}");
        }
    }
}
