//! From what people typed to what can be set in type.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::fonts::{Face, Hand, Library};

/// Stands where a character is in none of our typefaces.
pub(super) const STAND_IN: char = '□';
/// More than any name or title needs; what comes after is cut off.
const MAX_GRAPHEMES: usize = 1_000;
/// One letter with all its marks; a tower of accents would climb into the line above.
const MAX_MARKS: usize = 8;

/// One line of plain text: composed, without control characters, without space at its ends.
///
/// Marks that turn the direction of text around go too: with them a name can be made to read as
/// another one.
pub(super) fn clean(text: &str) -> String {
    let visible: String = text
        .nfc()
        .filter_map(|c| match c {
            _ if c.is_whitespace() => Some(' '),
            _ if c.is_control() || is_invisible(c) => None,
            _ => Some(c),
        })
        .collect();
    let mut line = String::new();
    for grapheme in visible.graphemes(true).take(MAX_GRAPHEMES) {
        if grapheme == " " && (line.is_empty() || line.ends_with(' ')) {
            continue;
        }
        line.extend(grapheme.chars().take(MAX_MARKS));
    }
    // Joiners alone show nothing: such a name counts as empty.
    if line.chars().all(|c| c == ' ' || is_joiner(c)) {
        return String::new();
    }
    line.truncate(line.trim_end().len());
    line
}

/// The text with a stand-in for each character that no typeface has, and those characters.
pub(super) fn cover(library: &Library, hand: Hand, text: &str) -> (String, BTreeSet<char>) {
    let mut covered = String::with_capacity(text.len());
    let mut missing = BTreeSet::new();
    for grapheme in text.graphemes(true) {
        if face_for(library, hand, grapheme).is_some() {
            covered.push_str(grapheme);
            continue;
        }
        // The letter without those of its marks that its typeface lacks.
        let mut letters = grapheme.chars();
        let first = letters.next().unwrap_or(STAND_IN);
        let face = library.chain(hand).find(|face| face.covers(first));
        covered.push(if face.is_some() { first } else { STAND_IN });
        if face.is_none() {
            missing.insert(first);
        }
        for mark in letters {
            if face.is_some_and(|face| face.covers(mark)) {
                covered.push(mark);
            } else if !is_joiner(mark) {
                missing.insert(mark);
            }
        }
    }
    (covered, missing)
}

/// The first typeface that has every character of a grapheme.
pub(super) fn face_for<'a>(library: &'a Library, hand: Hand, grapheme: &str) -> Option<&'a Face> {
    library.chain(hand).find(|face| has_all(face, grapheme))
}

/// Whether a typeface has every character of a grapheme; joiners need no glyph.
pub(super) fn has_all(face: &Face, grapheme: &str) -> bool {
    grapheme.chars().all(|c| is_joiner(c) || face.covers(c))
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Characters without a shape: directions, selectors of variants, tags, skin tones and the like.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}' | '\u{1F3FB}'..='\u{1F3FF}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_taken_out() {
        assert_eq!(clean(" \tAda\0\u{7}\r\n  Lovelace\u{202E} \u{FEFF}"), "Ada Lovelace");
        assert_eq!(clean("\u{200D}\u{200B} \u{200C}\0"), "");
        assert_eq!(clean("A\u{30A}ngstro\u{308}m"), "Ångström");
    }

    #[test]
    fn a_tower_of_accents_is_cut_short() {
        let tower = format!("Z{}", "\u{302}".repeat(400));
        assert_eq!(clean(&tower).chars().count(), MAX_MARKS);
    }

    #[test]
    fn a_character_of_no_typeface_is_shown_by_a_stand_in_and_reported() {
        let library = Library::get().unwrap();
        let (text, missing) = cover(library, Hand::Roman, "a𓀀b");
        assert_eq!(text, format!("a{STAND_IN}b"));
        assert_eq!(missing, BTreeSet::from(['𓀀']));
    }

    #[test]
    fn the_stand_in_is_itself_in_every_hand() {
        let library = Library::get().unwrap();
        for hand in [Hand::Roman, Hand::Medium, Hand::Italic, Hand::Mono] {
            assert!(face_for(library, hand, &STAND_IN.to_string()).is_some(), "{hand:?}");
            assert!(face_for(library, hand, "…").is_some(), "{hand:?}");
        }
    }
}
