//! The square that a telephone reads.

use krilla::geom::{PathBuilder, Rect};
use qrcode::{Color, EcLevel, QrCode};

use super::RenderError;
use super::canvas::{Canvas, rectangle};
use super::palette::Palette;

/// White space that a reader needs around the code, in modules.
const QUIET: u16 = 4;

/// The modules of a code, row by row; dark is `true`.
#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) side: u16,
    pub(super) dark: Vec<bool>,
}

/// Encode an address.
///
/// # Errors
/// It is longer than a code can hold (some 2,000 characters).
pub(super) fn encode(address: &str) -> Result<Matrix, RenderError> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M).map_err(|_| RenderError::AddressTooLong)?;
    let side = u16::try_from(code.width()).map_err(|_| RenderError::AddressTooLong)?;
    let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
    Ok(Matrix { side, dark })
}

/// Draw the code with its quiet zone into a square. One path: no hair lines between modules.
pub(super) fn draw(
    canvas: &mut Canvas<'_, '_>,
    palette: &Palette,
    matrix: &Matrix,
    (left, top): (f32, f32),
    size: f32,
) {
    canvas.fill(rectangle(left, top, size, size), palette.white);
    let module = size / f32::from(matrix.side + 2 * QUIET);
    let mut path = PathBuilder::new();
    for (row, line) in (0_u16..).zip(matrix.dark.chunks(usize::from(matrix.side))) {
        let y = top + f32::from(row + QUIET) * module;
        let mut start = 0_u16;
        for stretch in line.chunk_by(|one, two| one == two) {
            let length = u16::try_from(stretch.len()).unwrap_or_default();
            if stretch.first() == Some(&true) {
                let x = left + f32::from(start + QUIET) * module;
                if let Some(bar) = Rect::from_xywh(x, y, f32::from(length) * module, module) {
                    path.push_rect(bar);
                }
            }
            start += length;
        }
    }
    canvas.fill(path.finish(), palette.ink);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_the_address_back() {
        let address = "https://lms.example.com/api/certificates/verify/0197b0c4-6d7e-7c3a-9c51-2f6a8e4b1d90/";
        let matrix = encode(address).unwrap();
        let (side, quiet, scale) = (usize::from(matrix.side), usize::from(QUIET), 4);
        let pixels = (side + 2 * quiet) * scale;
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, |x, y| {
            let (x, y) = ((x / scale).wrapping_sub(quiet), (y / scale).wrapping_sub(quiet));
            let dark = x < side && y < side && matrix.dark[y * side + x];
            if dark { 0 } else { 255 }
        });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].decode().unwrap().1, address);
    }

    #[test]
    fn an_address_that_no_code_can_hold_is_an_error() {
        assert!(matches!(encode(&"x".repeat(5_000)), Err(RenderError::AddressTooLong)));
    }
}
