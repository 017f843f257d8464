//! The colours of a page, made from the tenant's.

use krilla::color::rgb;

/// The colour of a tenant that has none, or one that cannot be read.
const FALLBACK: Rgb = Rgb(0x3B, 0x82, 0xF6);
/// A quiet gold: it goes with whatever the tenant's first colour is.
const GOLD: Rgb = Rgb(0xB0, 0x8D, 0x4F);
const INK: Rgb = Rgb(0x22, 0x2B, 0x38);
const SOFT_INK: Rgb = Rgb(0x5A, 0x64, 0x73);
const WHITE: Rgb = Rgb(255, 255, 255);
const BLACK: Rgb = Rgb(0, 0, 0);

/// A colour of eight bits a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl Rgb {
    /// Read `#RGB` or `#RRGGBB`; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        if !digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(digits, 16).ok()?;
        let [_, r, g, b] = value.to_be_bytes();
        match digits.len() {
            6 => Some(Self(r, g, b)),
            3 => {
                let [_, _, high, low] = value.to_be_bytes();
                Some(Self(high * 17, (low >> 4) * 17, (low & 15) * 17))
            }
            _ => None,
        }
    }

    /// This colour with `percent` of another stirred in.
    pub(crate) fn mix(self, other: Self, percent: u8) -> Self {
        let percent = u16::from(percent.min(100));
        let stir = |mine: u8, theirs: u8| {
            let sum = u16::from(mine) * (100 - percent) + u16::from(theirs) * percent;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self(stir(self.0, other.0), stir(self.1, other.1), stir(self.2, other.2))
    }

    /// How far apart two colours are in brightness, from 1 to 21, as WCAG 2 reckons it.
    pub(crate) fn contrast(self, other: Self) -> f32 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f32 {
        let linear = |channel: u8| {
            let c = f32::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// The first shade of this colour, going darker, that can be read on white.
    fn readable(self, contrast: f32) -> Self {
        (0..=100)
            .step_by(4)
            .map(|percent| self.mix(BLACK, percent))
            .find(|shade| shade.contrast(WHITE) >= contrast)
            .unwrap_or(BLACK)
    }
}

impl From<Rgb> for rgb::Color {
    fn from(Rgb(r, g, b): Rgb) -> Self {
        Self::new(r, g, b)
    }
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
        let given = Rgb::parse(primary).unwrap_or(FALLBACK);
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
    fn a_colour_is_read_in_both_lengths_and_nothing_else() {
        assert_eq!(Rgb::parse("#3B82F6"), Some(Rgb(0x3B, 0x82, 0xF6)));
        assert_eq!(Rgb::parse("#1af"), Some(Rgb(0x11, 0xAA, 0xFF)));
        for bad in ["", "#", "3B82F6", "#12", "#12345", "#GGGGGG", "#+12345", "url(x)", "#é12345"] {
            assert_eq!(Rgb::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_tenant_in_white_still_gets_a_page_that_can_be_read() {
        let palette = Palette::new("#FFFFFF", Some("#FFFFFF"), Some("#FFFFFF"));
        assert!(palette.primary.contrast(WHITE) >= 3.0);
        assert!(palette.deep.contrast(WHITE) >= 7.0);
        assert!(palette.accent.contrast(WHITE) >= 2.6);
    }
}
