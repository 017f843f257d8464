//! Names for addresses.

use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// Leaves room for a number behind it.
const LONGEST: usize = 200;

/// A title as it may stand in an address: lower case, ASCII letters and digits, single hyphens.
/// A title without any gives `course`, and one that would read as an id is told apart from ids.
pub fn slug_of(title: &str) -> String {
    let mut slug = String::with_capacity(title.len());
    // Decomposed, so that "é" leaves an "e".
    for letter in title.nfkd().flat_map(char::to_lowercase) {
        if slug.len() >= LONGEST {
            break;
        }
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !unicode_normalization::char::is_combining_mark(letter) && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        "course".to_owned()
    } else if Uuid::try_parse(slug).is_ok() {
        format!("course-{slug}")
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_an_address() {
        for (title, slug) in [
            ("Advanced Python", "advanced-python"),
            ("  C++ & C#: what's new?  ", "c-c-what-s-new"),
            ("Café für Anfänger", "cafe-fur-anfanger"),
            ("Основы", "course"),
            ("!!!", "course"),
            ("01935b7e-2c1f-7d3a-8f60-0242ac120002", "course-01935b7e-2c1f-7d3a-8f60-0242ac120002"),
        ] {
            assert_eq!(slug_of(title), slug, "{title}");
        }
        assert_eq!(slug_of(&"long ".repeat(51)).len(), LONGEST - 1);
    }
}
