//! Making a text fit its place: first over more lines, then in smaller type, at last cut short.

use std::cell::OnceCell;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::fonts::Library;
use super::text::{Line, Style, direction, shape};

/// The place for a text, in points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) largest: f32,
    pub(super) smallest: f32,
    /// From one line's base to the next, in parts of the type size.
    pub(super) leading: f32,
}

/// Lines that fit, and the size at which they do.
pub(super) struct Block {
    pub(super) lines: Vec<Line>,
    pub(super) size: f32,
}

/// Between two sizes that are tried.
const STEP: f32 = 0.5;

/// Set a clean text into a frame, in the largest type that fits, its lines of like length.
pub(super) fn fit(library: &'static Library, text: &str, style: Style, frame: Frame) -> Block {
    let copy = Copy::measure(library, text, style);
    let mut size = frame.largest;
    let (rows, size) = loop {
        let rows = copy.flow(frame.width / size);
        if occupied(rows.len(), size, frame.leading) <= frame.height || size <= frame.smallest {
            break (copy.balance(frame.width / size, rows), size);
        }
        size = (size - STEP).max(frame.smallest);
    };
    let level = direction(text);
    let room = rows_in(frame, size);
    let cut = rows.len() > room;
    let count = rows.len().min(room);
    let mut lines: Vec<Line> = Vec::with_capacity(count);
    for (number, row) in rows.into_iter().take(count).enumerate() {
        let piece = text.get(row).unwrap_or_default().trim();
        let line = if cut && number + 1 == count {
            shorten(piece, frame.width / size, |piece| shape(library, piece, style, level))
        } else {
            shape(library, piece, style, level)
        };
        lines.push(line);
    }
    // Words were measured one by one; kerning between them may have made a line a hair longer.
    let widest = lines.iter().map(|line| line.width).fold(0.0, f32::max);
    let size = if widest * size > frame.width { frame.width / widest } else { size };
    Block { lines, size }
}

/// The height of a number of lines: full steps between bases, and one line's own body.
fn occupied(rows: usize, size: f32, leading: f32) -> f32 {
    (0..rows).skip(1).fold(size, |height, _| height + size * leading)
}

fn rows_in(frame: Frame, size: f32) -> usize {
    (1..64).take_while(|rows| occupied(*rows, size, frame.leading) <= frame.height).count().max(1)
}

/// What must not be broken while there is another way.
struct Word {
    range: Range<usize>,
    width: f32,
    /// With the space that follows it.
    advance: f32,
    /// Measured only if the word has to be broken after all.
    letters: OnceCell<Vec<(Range<usize>, f32)>>,
}

/// A text, measured word by word.
struct Copy<'t> {
    library: &'static Library,
    text: &'t str,
    style: Style,
    words: Vec<Word>,
}

impl<'t> Copy<'t> {
    fn measure(library: &'static Library, text: &'t str, style: Style) -> Self {
        let mut copy = Self { library, text, style, words: Vec::new() };
        let space = copy.width(" ") + style.tracking;
        let mut start = 0;
        for (end, _) in unicode_linebreak::linebreaks(text) {
            let piece = text.get(start..end).unwrap_or_default();
            let width = copy.width(piece.trim_end());
            let gap = if piece.ends_with(' ') { space } else { 0.0 };
            let letters = OnceCell::new();
            copy.words.push(Word { range: start..end, width, advance: width + gap, letters });
            start = end;
        }
        copy
    }

    fn width(&self, piece: &str) -> f32 {
        shape(self.library, piece, self.style, None).width
    }

    fn letters<'w>(&self, word: &'w Word) -> &'w [(Range<usize>, f32)] {
        word.letters.get_or_init(|| {
            let start = word.range.start;
            let piece = self.text.get(word.range.clone()).unwrap_or_default();
            piece
                .grapheme_indices(true)
                .map(|(at, letter)| (start + at..start + at + letter.len(), self.width(letter)))
                .collect()
        })
    }

    /// Fill rows of a given width one after the other; a word wider than a row is broken.
    fn flow(&self, room: f32) -> Vec<Range<usize>> {
        let mut rows: Vec<Range<usize>> = Vec::new();
        let mut used = 0.0;
        let mut place = |range: Range<usize>, width: f32, advance: f32| match rows.last_mut() {
            Some(row) if used + width <= room => {
                row.end = range.end;
                used += advance;
            }
            _ => {
                rows.push(range);
                used = advance;
            }
        };
        for word in &self.words {
            if word.width <= room {
                place(word.range.clone(), word.width, word.advance);
            } else {
                for (range, width) in self.letters(word) {
                    place(range.clone(), *width, *width);
                }
            }
        }
        rows
    }

    /// The same number of rows, but no wider than they must be: no last line of a single word.
    fn balance(&self, room: f32, rows: Vec<Range<usize>>) -> Vec<Range<usize>> {
        if rows.len() < 2 {
            return rows;
        }
        let widest = self.words.iter().map(|word| word.width).fold(0.0, f32::max);
        let (mut narrow, mut wide, mut best) = (widest.min(room), room, rows);
        for _ in 0..12 {
            let middle = f32::midpoint(narrow, wide);
            let tried = self.flow(middle);
            if tried.len() <= best.len() {
                best = tried;
                wide = middle;
            } else {
                narrow = middle;
            }
        }
        best
    }
}

/// The longest beginning of a text that has room together with three dots.
fn shorten(text: &str, room: f32, shape: impl Fn(&str) -> Line) -> Line {
    let mut kept: Vec<&str> = text.graphemes(true).collect();
    loop {
        let line = shape(&format!("{}…", kept.concat().trim_end()));
        if line.width <= room || kept.is_empty() {
            return line;
        }
        kept.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::render::fonts::Hand;

    const FRAME: Frame = Frame { width: 400.0, height: 60.0, largest: 40.0, smallest: 9.0, leading: 1.1 };

    fn set(text: &str) -> Block {
        fit(Library::get().unwrap(), text, Style::plain(Hand::Roman), FRAME)
    }

    fn fits(block: &Block) -> bool {
        let wide = block.lines.iter().all(|line| line.width * block.size <= FRAME.width + 0.01);
        wide && occupied(block.lines.len(), block.size, FRAME.leading) <= FRAME.height + 0.01
    }

    #[test]
    fn a_short_name_has_the_largest_type_and_one_line() {
        let block = set("Alice Williams");
        assert!(block.lines.len() == 1 && block.size >= FRAME.largest, "{}", block.size);
    }

    #[test]
    fn lines_of_a_long_title_are_of_like_length() {
        let block = set("An introduction to the theory and the daily practice of knots, for beginners");
        assert_eq!(block.lines.len(), 2);
        let [one, two] = [0, 1].map(|n| block.lines[n].width);
        assert!((one - two).abs() < 0.25 * one, "{one} {two}");
        assert!(fits(&block));
    }

    #[test]
    fn a_word_wider_than_the_page_is_broken() {
        let block = set(&"W".repeat(60));
        assert!(block.lines.len() > 1 && fits(&block));
    }

    #[test]
    fn what_has_no_room_even_in_small_type_ends_in_three_dots() {
        let block = set(&"knots and splices ".repeat(60));
        assert!(block.lines.last().unwrap().text.ends_with('…'));
        assert!(fits(&block));
    }

    #[test]
    fn thai_and_chinese_break_without_spaces() {
        for text in ["สมชายใจดี".repeat(12), "結繩的藝術與科學".repeat(8)] {
            let block = set(&text);
            assert!(block.lines.len() > 1 && fits(&block), "{text}");
        }
    }
}
