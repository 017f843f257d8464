//! Where everything is on the page.

use krilla::surface::Surface;
use uuid::Uuid;

use super::CertificateView;
use super::RenderError;
use super::canvas::{Align, Canvas};
use super::clean::clean;
use super::fit::{Frame, fit};
use super::fonts::{Hand, Library};
use super::ornament;
use super::palette::Palette;
use super::qr;
use super::text::Style;
use super::words::Words;

/// A4 across.
pub(super) const WIDTH: f32 = 841.89;
pub(super) const HEIGHT: f32 = 595.28;
const AXIS: f32 = WIDTH / 2.0;
/// Text begins and ends here.
const LEFT: f32 = 92.0;
const RIGHT: f32 = WIDTH - 92.0;
/// Where signature, code and small print stand.
const FOOT: f32 = 512.0;
const QR_SIZE: f32 = 80.0;
/// The corner of the code's square; its quiet zone reaches a little past the text's edge.
pub(super) const QR_CORNER: (f32, f32) = (RIGHT - QR_SIZE + 7.0, FOOT - QR_SIZE + 20.0);
pub(super) const QR_SIDE: f32 = QR_SIZE;

const ROMAN: Style = Style::plain(Hand::Roman);
const ITALIC: Style = Style::plain(Hand::Italic);

/// The view's texts, made fit to be set, with something sensible for what is empty.
pub(super) struct Copy {
    pub(super) words: &'static Words,
    pub(super) tenant: String,
    pub(super) mark: Option<String>,
    pub(super) learner: String,
    pub(super) course: String,
    pub(super) instructor: Option<String>,
    /// When it was issued, and until when it counts.
    pub(super) dates: String,
    pub(super) code: Uuid,
    pub(super) address: String,
}

impl Copy {
    pub(super) fn new(view: &CertificateView<'_>) -> Self {
        let words = Words::of(view.locale);
        let some = |text: &str| Some(clean(text)).filter(|text| !text.is_empty());
        let tenant = some(view.tenant_name).or_else(|| view.logo_text.and_then(some));
        let tenant = tenant.unwrap_or_default();
        let issued = format!("{} {}", words.issued, words.day(view.issued_on));
        let dates = match view.expires_on {
            Some(day) => format!("{issued}  ·  {} {}", words.expires, words.day(day)),
            None => issued,
        };
        Self {
            words,
            mark: view.logo_text.and_then(some).filter(|mark| *mark != tenant),
            tenant,
            learner: some(view.learner_name).unwrap_or_else(|| words.nameless.to_owned()),
            course: some(view.course_title).unwrap_or_else(|| words.untitled.to_owned()),
            instructor: view.instructor_name.and_then(some),
            dates,
            code: view.verification_code,
            address: clean(view.verify_url),
        }
    }
}

/// Draw the whole page.
///
/// # Errors
/// The typefaces cannot be read, or the address does not fit into a QR code.
pub(super) fn draw(
    surface: &mut Surface<'_>,
    copy: &Copy,
    palette: &Palette,
    library: &'static Library,
) -> Result<(), RenderError> {
    let matrix = qr::encode(&copy.address)?;
    let canvas = &mut Canvas { surface, library };
    ornament::ghost(canvas, palette, (AXIS, 286.0));
    ornament::border(canvas, palette, WIDTH, HEIGHT);
    heading(canvas, copy, palette);
    citation(canvas, copy, palette);
    signature(canvas, copy, palette);
    ornament::seal(canvas, palette, (AXIS, 484.0), 34.0);
    verification(canvas, copy, palette);
    qr::draw(canvas, palette, &matrix, QR_CORNER, QR_SIZE);
    Ok(())
}

/// The tenant's name, and what kind of document this is.
fn heading(canvas: &mut Canvas<'_, '_>, copy: &Copy, palette: &Palette) {
    let name = copy.mark.as_ref().unwrap_or(&copy.tenant);
    let style = Style { hand: Hand::Medium, tracking: 0.05 };
    let frame = Frame { width: 520.0, height: 22.0, largest: 20.0, smallest: 8.0, leading: 1.1 };
    let block = fit(canvas.library, name, style, frame);
    canvas.block(&block, 1.1, (AXIS, 90.0), Align::Middle, palette.primary);
    if copy.mark.is_some() {
        let frame = Frame { width: 520.0, height: 11.0, largest: 10.0, smallest: 6.0, leading: 1.1 };
        let block = fit(canvas.library, &copy.tenant, ROMAN, frame);
        canvas.block(&block, 1.1, (AXIS, 105.0), Align::Middle, palette.soft_ink);
    }
    let spaced = Style { hand: Hand::Roman, tracking: 0.17 };
    canvas.write(copy.words.heading, spaced, 46.0, (AXIS, 158.0), Align::Middle, palette.ink);
    let wide = Style { hand: Hand::Medium, tracking: 0.34 };
    let at = (AXIS, 184.0);
    let width = canvas.write(copy.words.subheading, wide, 13.0, at, Align::Middle, palette.accent);
    for side in [-1.0, 1.0] {
        let start = AXIS + side * (width / 2.0 + 16.0);
        canvas.rule((start, 179.6), (start + side * 64.0, 179.6), palette.accent, 0.6);
    }
}

/// Who has done what, and when.
fn citation(canvas: &mut Canvas<'_, '_>, copy: &Copy, palette: &Palette) {
    let words = copy.words;
    canvas.write(words.certifies, ITALIC, 15.0, (AXIS, 222.0), Align::Middle, palette.soft_ink);

    let frame = Frame { width: 610.0, height: 52.0, largest: 44.0, smallest: 12.0, leading: 1.15 };
    let name = fit(canvas.library, &copy.learner, ROMAN, frame);
    let top = centred(268.0, &name, frame.leading);
    canvas.block(&name, frame.leading, (AXIS, top), Align::Middle, palette.deep);
    ornament::flourish(canvas, palette, (AXIS, 302.0), 190.0);

    canvas.write(words.completed, ITALIC, 15.0, (AXIS, 328.0), Align::Middle, palette.soft_ink);
    let frame = Frame { width: 590.0, height: 66.0, largest: 25.0, smallest: 8.0, leading: 1.22 };
    let course = fit(canvas.library, &copy.course, Style::plain(Hand::Medium), frame);
    let top = centred(372.0, &course, frame.leading);
    canvas.block(&course, frame.leading, (AXIS, top), Align::Middle, palette.ink);

    canvas.write(&copy.dates, ITALIC, 14.0, (AXIS, 427.0), Align::Middle, palette.soft_ink);
}

/// The base of the first line of a block whose lines lie around a height.
fn centred(middle: f32, block: &super::fit::Block, leading: f32) -> f32 {
    let depth = block.lines.iter().skip(1).fold(0.0, |depth, _| depth + block.size * leading);
    // A third of the size: capitals and small letters stand about their own middle.
    middle - depth / 2.0 + block.size * 0.32
}

/// The line on which the instructor signs, or the tenant where there is none.
fn signature(canvas: &mut Canvas<'_, '_>, copy: &Copy, palette: &Palette) {
    const LINE: f32 = 190.0;
    let (name, label) = match &copy.instructor {
        Some(name) => (name, copy.words.instructor),
        None => (&copy.tenant, copy.words.issuer),
    };
    let middle = LEFT + LINE / 2.0;
    let frame = Frame { width: LINE - 8.0, height: 23.0, largest: 19.0, smallest: 7.0, leading: 1.1 };
    let block = fit(canvas.library, name, ITALIC, frame);
    let lift = block.lines.iter().skip(1).fold(0.0, |lift, _| lift + block.size * frame.leading);
    canvas.block(&block, frame.leading, (middle, FOOT - 9.0 - lift), Align::Middle, palette.ink);
    canvas.rule((LEFT, FOOT), (LEFT + LINE, FOOT), palette.soft_ink, 0.5);
    caption(canvas, palette, label, (middle, FOOT + 13.0), Align::Middle);
}

/// How a stranger can see that this is true.
fn verification(canvas: &mut Canvas<'_, '_>, copy: &Copy, palette: &Palette) {
    let edge = QR_CORNER.0 - 4.0;
    caption(canvas, palette, copy.words.verify, (edge, FOOT - 20.0), Align::Right);
    let mono = Style::plain(Hand::Mono);
    let code = copy.code.to_string();
    canvas.write(&code, mono, 7.2, (edge, FOOT - 6.5), Align::Right, palette.ink);
    let frame = Frame { width: 168.0, height: 17.0, largest: 7.2, smallest: 4.5, leading: 1.15 };
    let address = fit(canvas.library, &copy.address, ROMAN, frame);
    canvas.block(&address, frame.leading, (edge, FOOT + 5.0), Align::Right, palette.soft_ink);
}

/// A small label in capitals.
fn caption(canvas: &mut Canvas<'_, '_>, palette: &Palette, text: &str, at: (f32, f32), align: Align) {
    let style = Style { hand: Hand::Medium, tracking: 0.14 };
    canvas.write(&text.to_uppercase(), style, 7.4, at, align, palette.soft_ink);
}
