//! The colours of a page, made from the tenant's.

use krilla::color::rgb;
use shared::colour::Rgb;

/// A quiet gold: it goes with whatever the tenant's first colour is.
const GOLD: Rgb = Rgb(0xB0, 0x8D, 0x4F);
const INK: Rgb = Rgb(0x22, 0x2B, 0x38);
const SOFT_INK: Rgb = Rgb(0x5A, 0x64, 0x73);
const WHITE: Rgb = Rgb::WHITE;
const BLACK: Rgb = Rgb::BLACK;

/// A colour as the page's library has it.
pub(super) fn paint(Rgb(r, g, b): Rgb) -> rgb::Color {
    rgb::Color::new(r, g, b)
}

/// Every colour that a certificate is drawn in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    /// Running text.
    pub(super) ink: Rgb,
    /// Labels and small print.
    pub(super) soft_ink: Rgb,
    /// The tenant's colour, dark enough for large type and fine lines on white.
    pub(super) primary: Rgb,
    /// A darker shade of it, for the name and the seal's shadow.
    pub(super) deep: Rgb,
    /// Pale lines of the border.
    pub(super) pale: Rgb,
    /// The second colour of the border's lines.
    pub(super) second: Rgb,
    /// The ghost of an ornament behind the text.
    pub(super) ghost: Rgb,
    /// Ornaments and rules.
    pub(super) accent: Rgb,
    pub(super) white: Rgb,
}

impl Palette {
    /// Colours that cannot be read are replaced, and those too light for paper are darkened.
    pub(super) fn new(primary: &str, secondary: Option<&str>, accent: Option<&str>) -> Self {
        let given = Rgb::parse(primary).unwrap_or(Rgb::FALLBACK);
        let primary = given.readable(3.0);
        let second = secondary.and_then(Rgb::parse).map_or(primary, |c| c.readable(2.0));
        Self {
            ink: INK,
            soft_ink: SOFT_INK,
            primary,
            deep: primary.mix(BLACK, 38).readable(7.0),
            pale: primary.mix(WHITE, 52),
            second: second.mix(WHITE, 30),
            ghost: primary.mix(WHITE, 92),
            accent: accent.and_then(Rgb::parse).unwrap_or(GOLD).readable(2.6),
            white: WHITE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_in_white_still_gets_a_page_that_can_be_read() {
        let palette = Palette::new("#FFFFFF", Some("#FFFFFF"), Some("#FFFFFF"));
        assert!(palette.primary.contrast(WHITE) >= 3.0);
        assert!(palette.deep.contrast(WHITE) >= 7.0);
        assert!(palette.accent.contrast(WHITE) >= 2.6);
    }
}
