//! One line of text, from characters to glyphs in the order in which they are seen.

use std::ops::Range;

use krilla::text::{GlyphId, KrillaGlyph};
use rustybuzz::ttf_parser::Tag;
use rustybuzz::{Direction, Feature, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level};
use unicode_segmentation::UnicodeSegmentation;

use super::clean::{cover, face_for, has_all};
use super::fonts::{Face, Hand, Library};

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) hand: Hand,
    /// Space added between letters, in parts of the type size.
    pub(super) tracking: f32,
}

impl Style {
    pub(super) const fn plain(hand: Hand) -> Self {
        Self { hand, tracking: 0.0 }
    }
}

/// A line ready to be drawn; every measure is in parts of the type size.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) runs: Vec<Run>,
    pub(super) width: f32,
}

/// A stretch of a line in one typeface.
pub(super) struct Run {
    pub(super) face: &'static Face,
    pub(super) glyphs: Vec<KrillaGlyph>,
    pub(super) width: f32,
}

/// Shape a line of clean text. `level` is the direction of the paragraph it was cut from.
pub(super) fn shape(library: &'static Library, text: &str, style: Style, level: Option<Level>) -> Line {
    let (text, missing) = cover(library, style.hand, text);
    if !missing.is_empty() {
        let characters: Vec<_> = missing.iter().map(|c| format!("U+{:04X}", u32::from(*c))).collect();
        tracing::warn!(?characters, "No typeface for {} character(s)", characters.len());
    }
    let bidi = BidiInfo::new(&text, level);
    let mut runs = Vec::new();
    for paragraph in &bidi.paragraphs {
        let (levels, stretches) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for stretch in stretches {
            let backwards = levels.get(stretch.start).is_some_and(Level::is_rtl);
            let mut pieces = split_by_face(library, &text, stretch, style.hand);
            if backwards {
                pieces.reverse();
            }
            runs.extend(pieces.into_iter().map(|(face, range)| shape_run(face, &text, range, style, backwards)));
        }
    }
    // The space after the last letter would push a centred line off its axis.
    if let Some((run, glyph)) = runs.last_mut().and_then(|run: &mut Run| {
        let tracked = run.face.may_track && style.tracking > 0.0;
        let width = &mut run.width;
        run.glyphs.last_mut().filter(|_| tracked).map(|glyph| (width, glyph))
    }) {
        glyph.x_advance -= style.tracking;
        *run -= style.tracking;
    }
    let width = runs.iter().map(|run| run.width).sum();
    Line { text, runs, width }
}

/// Which way a text runs as a whole: that of its first letter.
pub(super) fn direction(text: &str) -> Option<Level> {
    BidiInfo::new(text, None).paragraphs.first().map(|paragraph| paragraph.level)
}

/// Cut a stretch wherever the typeface changes. Space and signs stay with what precedes them.
fn split_by_face(
    library: &'static Library,
    text: &str,
    stretch: Range<usize>,
    hand: Hand,
) -> Vec<(&'static Face, Range<usize>)> {
    let mut pieces: Vec<(&'static Face, Range<usize>)> = Vec::new();
    let start = stretch.start;
    for (offset, grapheme) in text.get(stretch).unwrap_or_default().grapheme_indices(true) {
        let range = start + offset..start + offset + grapheme.len();
        let is_sign = !grapheme.chars().any(char::is_alphanumeric);
        if let Some((face, piece)) = pieces.last_mut()
            && is_sign
            && has_all(face, grapheme)
        {
            piece.end = range.end;
            continue;
        }
        let Some(face) = face_for(library, hand, grapheme) else { continue };
        match pieces.last_mut() {
            Some((last, piece)) if std::ptr::eq(*last, face) => piece.end = range.end,
            _ => pieces.push((face, range)),
        }
    }
    pieces
}

fn shape_run(face: &'static Face, text: &str, range: Range<usize>, style: Style, backwards: bool) -> Run {
    let piece = text.get(range.clone()).unwrap_or_default();
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(piece);
    buffer.set_direction(if backwards { Direction::RightToLeft } else { Direction::LeftToRight });
    buffer.guess_segment_properties();
    let tracking = if face.may_track { style.tracking } else { 0.0 };
    // Letters that are set apart do not join.
    let no_ligatures = Feature::new(Tag::from_bytes(b"liga"), 0, ..);
    let features = if tracking > 0.0 { std::slice::from_ref(&no_ligatures) } else { &[] };
    let shaped = rustybuzz::shape(&face.shaper, features, buffer);

    let mut starts: Vec<usize> = shaped.glyph_infos().iter().map(|info| index(info.cluster)).collect();
    starts.push(piece.len());
    starts.sort_unstable();
    starts.dedup();

    let em = face.font.units_per_em();
    let mut glyphs = Vec::with_capacity(shaped.len());
    for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
        if info.glyph_id == 0 {
            // PDF/A forbids the empty box. `cover` has seen to it that there is none, but for
            // what shaping itself inserts.
            tracing::warn!(face = face.name, "Left out a glyph that the typeface lacks");
            continue;
        }
        let start = index(info.cluster);
        let end = starts.iter().copied().find(|next| *next > start).unwrap_or(piece.len());
        let opens_space = position.x_advance > 0;
        glyphs.push(KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            units(position.x_advance) / em + if opens_space { tracking } else { 0.0 },
            units(position.x_offset) / em,
            units(position.y_offset) / em,
            units(position.y_advance) / em,
            range.start + start..range.start + end,
            None,
        ));
    }
    let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
    Run { face, glyphs, width }
}

fn index(cluster: u32) -> usize {
    usize::try_from(cluster).unwrap_or(usize::MAX)
}

/// A measure in a typeface's units. They are small whole numbers, which `f32` holds exactly.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "no From exists; font units stay far below 2^24"
)]
fn units(value: i32) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faces(text: &str) -> Vec<&'static str> {
        let line = shape(Library::get().unwrap(), text, Style::plain(Hand::Roman), None);
        line.runs.iter().map(|run| run.face.name).collect()
    }

    #[test]
    fn each_script_is_set_in_a_typeface_that_has_it() {
        assert_eq!(faces("Nguyễn Щука Δέλτα"), ["EBGaramond-Regular.ttf"]);
        assert_eq!(faces("محمد عبد الله"), ["NotoNaskhArabic-Regular.ttf"]);
        assert_eq!(faces("אריאל כהן"), ["NotoSerifHebrew-Regular.ttf"]);
        assert_eq!(faces("अनुष्का शर्मा"), ["NotoSerifDevanagari-Regular.ttf"]);
        assert_eq!(faces("สมชาย ใจดี"), ["NotoSerifThai-Regular.ttf"]);
        assert_eq!(faces("王小明 さくら 體驗"), ["NotoSerifCJKsc-Han.otf"]);
        assert_eq!(faces("김민준"), ["NotoSerifCJKkr-Hangul.otf"]);
        assert_eq!(faces("🎓"), ["NotoEmoji-Regular.ttf"]);
    }

    #[test]
    fn right_to_left_text_is_drawn_from_its_end() {
        let line = shape(Library::get().unwrap(), "אב", Style::plain(Hand::Roman), None);
        let starts: Vec<_> = line.runs.iter().flat_map(|run| &run.glyphs).map(|glyph| glyph.text_range.start).collect();
        assert_eq!(starts, [2, 0]);
    }

    #[test]
    fn arabic_letters_take_the_shape_that_their_neighbours_ask_for() {
        let glyphs = |text| -> Vec<_> {
            let line = shape(Library::get().unwrap(), text, Style::plain(Hand::Roman), None);
            line.runs.iter().flat_map(|run| &run.glyphs).map(|g| g.glyph_id.to_u32()).collect()
        };
        let alone = glyphs("م");
        assert!(!glyphs("محم").contains(&alone[0]));
    }

    #[test]
    fn tracking_opens_the_gaps_and_not_the_end() {
        let library = Library::get().unwrap();
        let close = shape(library, "ABC", Style::plain(Hand::Mono), None).width;
        let open = shape(library, "ABC", Style { hand: Hand::Mono, tracking: 0.5 }, None).width;
        assert!((open - close - 1.0).abs() < 1e-4, "{close} {open}");
    }
}
