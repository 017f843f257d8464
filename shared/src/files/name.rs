//! Names of files and folders: they go into headers and onto other people's disks.

use super::Kind;

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left of it.
    #[error("a file has a name")]
    Empty,
    /// Longer than anybody's disk takes.
    #[error("a name has at most 255 characters and 255 bytes")]
    TooLong,
    /// It leads elsewhere.
    #[error("a name has no slashes and is not made of dots")]
    Path,
    /// Line ends, NUL, or what makes text run backwards.
    #[error("a name has no characters that cannot be seen")]
    Invisible,
    /// Such files are not taken.
    #[error("files of this kind are not taken; those that are: {}", Kind::extensions().collect::<Vec<_>>().join(", "))]
    UnknownKind,
    /// The tenant does not want such files.
    #[error("files of this kind are not taken here; those that are: {}", .0.replace(',', ", "))]
    KindNotTaken(String),
}

/// The name as it is kept, and the kind of file that it promises.
pub fn checked_name(given: &str) -> Result<(String, &'static Kind), NameError> {
    let name = checked_title(given)?;
    let kind = Kind::of(&name).ok_or(NameError::UnknownKind)?;
    Ok((name, kind))
}

/// The name as it is kept, of anything that could lie on a disk.
pub(super) fn checked_title(given: &str) -> Result<String, NameError> {
    let name = given.trim();
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > 255 {
        return Err(NameError::TooLong);
    }
    if name.contains(['/', '\\']) || name.chars().all(|letter| letter == '.') {
        return Err(NameError::Path);
    }
    // Overrides of direction make `gpj.exe` look like `exe.jpg`.
    let is_invisible = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if name.chars().any(is_invisible) {
        return Err(NameError::Invisible);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_or_hide_something_are_refused() {
        for (name, error) in [
            ("", NameError::Empty),
            ("  ", NameError::Empty),
            ("..", NameError::Path),
            ("../../etc/passwd.txt", NameError::Path),
            ("..\\boot.txt", NameError::Path),
            ("/etc/motd.txt", NameError::Path),
            ("a\r\nSet-Cookie: x.txt", NameError::Invisible),
            ("a\0.txt", NameError::Invisible),
            ("photo\u{202e}gpj.txt", NameError::Invisible),
            ("setup.exe", NameError::UnknownKind),
            ("notes.txt.", NameError::UnknownKind),
        ] {
            assert_eq!(checked_name(name).map(|(name, _)| name), Err(error), "{name:?}");
        }
        assert_eq!(checked_name(&format!("{}.txt", "x".repeat(252))).map(|_| ()), Err(NameError::TooLong));
    }

    #[test]
    fn names_of_all_languages_stay_as_they_are() {
        for name in ["Übung 1.pdf", "講義.pdf", "a..b.pdf", "-rf.txt", "100% \"done\".txt"] {
            assert_eq!(checked_name(name).map(|(name, _)| name).as_deref(), Ok(name));
        }
    }
}
