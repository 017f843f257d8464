//! The typefaces that a certificate is set in, and which of them has a character.
//!
//! They are part of the binary, so that a page looks the same on every machine; where they come
//! from is written in `worker/assets/fonts/README.md`.

use std::sync::LazyLock;

use krilla::text::Font;

use super::RenderError;

/// What a piece of text is set in, before any falling back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    Roman,
    Medium,
    Italic,
    Mono,
}

/// One typeface, as the shaper and as the document know it.
pub(super) struct Face {
    pub(super) name: &'static str,
    pub(super) font: Font,
    pub(super) shaper: rustybuzz::Face<'static>,
    /// Its letters stand alone, so that space may be put between them.
    pub(super) may_track: bool,
    own_hand: Option<Hand>,
}

impl Face {
    fn load(source: &Source) -> Result<Self, RenderError> {
        let broken = || RenderError::Font(source.name);
        Ok(Self {
            name: source.name,
            font: Font::new(source.data.into(), 0).ok_or_else(broken)?,
            shaper: rustybuzz::Face::from_slice(source.data, 0).ok_or_else(broken)?,
            may_track: source.may_track,
            own_hand: source.own_hand,
        })
    }

    pub(super) fn covers(&self, c: char) -> bool {
        self.shaper.glyph_index(c).is_some_and(|glyph| glyph.0 != 0)
    }
}

/// All typefaces, in the order in which they are asked for a character.
pub(super) struct Library {
    faces: Vec<Face>,
}

impl Library {
    /// The library, read once a process.
    ///
    /// # Errors
    /// A typeface in the binary cannot be read; a test keeps that from happening.
    pub(super) fn get() -> Result<&'static Self, RenderError> {
        static LIBRARY: LazyLock<Result<Library, RenderError>> = LazyLock::new(|| {
            let faces = SOURCES.iter().map(Face::load).collect::<Result<_, _>>()?;
            Ok(Library { faces })
        });
        LIBRARY.as_ref().map_err(Clone::clone)
    }

    /// The faces for a hand, best first: its own, then all that serve any hand.
    pub(super) fn chain(&self, hand: Hand) -> impl Iterator<Item = &Face> {
        let own = self.faces.iter().filter(move |face| face.own_hand == Some(hand));
        let roman = self.faces.iter().filter(move |face| hand != Hand::Roman && face.own_hand == Some(Hand::Roman));
        own.chain(roman).chain(self.faces.iter().filter(|face| face.own_hand.is_none()))
    }
}

struct Source {
    name: &'static str,
    data: &'static [u8],
    own_hand: Option<Hand>,
    may_track: bool,
}

macro_rules! source {
    ($file:literal, $hand:expr, $may_track:expr) => {
        Source {
            name: $file,
            data: include_bytes!(concat!("../../../assets/fonts/", $file)),
            own_hand: $hand,
            may_track: $may_track,
        }
    };
}

static SOURCES: &[Source] = &[
    source!("EBGaramond-Regular.ttf", Some(Hand::Roman), true),
    source!("EBGaramond-Medium.ttf", Some(Hand::Medium), true),
    source!("EBGaramond-Italic.ttf", Some(Hand::Italic), true),
    source!("NotoSansMono-Regular.ttf", Some(Hand::Mono), true),
    source!("NotoSerif-Regular.ttf", None, true),
    source!("NotoNaskhArabic-Regular.ttf", None, false),
    source!("NotoSerifHebrew-Regular.ttf", None, false),
    source!("NotoSerifDevanagari-Regular.ttf", None, false),
    source!("NotoSerifThai-Regular.ttf", None, false),
    source!("NotoSerifCJKsc-Han.otf", None, false),
    source!("NotoSerifCJKkr-Hangul.otf", None, false),
    source!("NotoSerifArmenian-Regular.ttf", None, false),
    source!("NotoSerifGeorgian-Regular.ttf", None, false),
    source!("NotoSerifBengali-Regular.ttf", None, false),
    source!("NotoSerifGurmukhi-Regular.ttf", None, false),
    source!("NotoSerifGujarati-Regular.ttf", None, false),
    source!("NotoSerifTamil-Regular.ttf", None, false),
    source!("NotoSerifTelugu-Regular.ttf", None, false),
    source!("NotoSerifKannada-Regular.ttf", None, false),
    source!("NotoSerifMalayalam-Regular.ttf", None, false),
    source!("NotoSerifSinhala-Regular.ttf", None, false),
    source!("NotoSerifLao-Regular.ttf", None, false),
    source!("NotoSerifKhmer-Regular.ttf", None, false),
    source!("NotoSerifMyanmar-Regular.ttf", None, false),
    source!("NotoSerifEthiopic-Regular.ttf", None, false),
    source!("NotoEmoji-Regular.ttf", None, false),
];
