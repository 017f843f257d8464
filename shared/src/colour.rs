//! Colours that tenants choose, made fit to be read.

use std::fmt;

/// A colour of eight bits a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// The colour of a tenant that has none, or one that cannot be read.
    pub const FALLBACK: Self = Self(0x3B, 0x82, 0xF6);
    /// White.
    pub const WHITE: Self = Self(255, 255, 255);
    /// Black.
    pub const BLACK: Self = Self(0, 0, 0);

    /// Read `#RGB` or `#RRGGBB`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
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
    pub fn mix(self, other: Self, percent: u8) -> Self {
        let percent = u16::from(percent.min(100));
        let stir = |mine: u8, theirs: u8| {
            let sum = u16::from(mine) * (100 - percent) + u16::from(theirs) * percent;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        Self(stir(self.0, other.0), stir(self.1, other.1), stir(self.2, other.2))
    }

    /// How far apart two colours are in brightness, from 1 to 21, as WCAG 2 reckons it.
    pub fn contrast(self, other: Self) -> f32 {
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
    pub fn readable(self, contrast: f32) -> Self {
        (0..=100)
            .step_by(4)
            .map(|percent| self.mix(Self::BLACK, percent))
            .find(|shade| shade.contrast(Self::WHITE) >= contrast)
            .unwrap_or(Self::BLACK)
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
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
}
