//! The file: comma-separated values with a header, of which the column `email` counts.

use crate::db;

/// Rows of a file at most.
const MOST: usize = 50_000;

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nobody can be enrolled in a draft or an archived course.
    #[error("the course is not open: it is not published")]
    CourseNotOpen,
    /// There is no header that names it.
    #[error("the first line names the columns, and one of them is `email`")]
    NoEmailColumn,
    /// Nobody is in it.
    #[error("the file has no rows")]
    Empty,
    /// It is longer than we take.
    #[error("a file has {MOST} rows at most")]
    TooLong,
    /// The database's.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// The e-mails of a file in order, in lower case; none where a row has none. A row that cannot be
/// read is one without.
pub(super) fn emails(source: &str) -> Result<impl Iterator<Item = Option<String>> + '_, FileError> {
    let source = source.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(source.as_bytes());
    let header = reader.headers().map_err(|_| FileError::NoEmailColumn)?;
    let column = header.iter().position(|name| name.eq_ignore_ascii_case("email")).ok_or(FileError::NoEmailColumn)?;
    Ok(reader.into_records().map(move |record| {
        let record = record.ok()?;
        let email = record.get(column)?.to_lowercase();
        (!email.is_empty()).then_some(email)
    }))
}

/// How many rows a file has.
pub(super) fn count(source: &str) -> Result<i32, FileError> {
    match emails(source)?.take(MOST + 1).count() {
        0 => Err(FileError::Empty),
        rows if rows > MOST => Err(FileError::TooLong),
        rows => i32::try_from(rows).map_err(|_| FileError::TooLong),
    }
}

/// Whether it may be an e-mail: people are found by it, not written to.
pub(super) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    text.len() <= 254 && parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::{FileError, count, emails, is_email};

    #[test]
    fn the_column_counts_wherever_it_is_and_a_bad_row_is_one_row() {
        let source = "\u{feff}Name,E-Mail,EMAIL\r\nA,x, A@E.org \r\nB\r\n\"C, D\",,c@e.org\r\n,,\r\n";
        let found: Vec<_> = emails(source).expect("a header").collect();
        assert_eq!(found, [Some("a@e.org".to_owned()), None, Some("c@e.org".to_owned()), None]);
        assert_eq!(count(source).expect("rows"), 4);
    }

    #[test]
    fn what_is_no_list_of_emails_is_refused() {
        for source in ["", "name\na", "a@e.org\nb@e.org"] {
            assert!(matches!(count(source), Err(FileError::NoEmailColumn)), "{source}");
        }
        assert!(matches!(count("email\n"), Err(FileError::Empty)));
        assert!(matches!(count(&format!("email\n{}", "a@e.org\n".repeat(50_001))), Err(FileError::TooLong)));
    }

    #[test]
    fn an_email_has_a_name_and_a_host() {
        for (text, is) in [("a@e.org", true), ("a", false), ("@e.org", false), ("a@e", false), ("a@b@e.org", false)] {
            assert_eq!(is_email(text), is, "{text}");
        }
    }
}
