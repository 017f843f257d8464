//! The certificate as a document: one page that a learner might frame.
//!
//! A pure function from what the certificate says to a PDF/A-2b: no clock, no network, no files,
//! and the same bytes for the same view, so that a job may run twice. Names may be in any script:
//! text is cleaned ([`clean`]), set in the first typeface that has it ([`fonts`]), shaped in its
//! own direction ([`text`]), and made to fit its place ([`fit`]).

mod canvas;
mod clean;
mod fit;
mod fonts;
mod ornament;
mod page;
mod palette;
mod qr;
mod text;
mod transcript;
mod transcript_words;
mod words;

use chrono::{Datelike, NaiveDate};
use krilla::Document;
use krilla::SerializeSettings;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::Rect;
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use uuid::Uuid;

pub use transcript::{Outcome, TranscriptEntry, TranscriptView, render_transcript};

use fonts::Library;
use page::{Copy, HEIGHT, QR_CORNER, QR_SIDE, WIDTH};
use palette::Palette;

/// What a certificate says and how it is dressed.
#[derive(Debug, Clone)]
pub struct CertificateView<'a> {
    /// Who gives it.
    pub tenant_name: &'a str,
    /// The tenant's colour, as `#RRGGBB`; one that cannot be read is replaced by the default.
    pub primary_color: &'a str,
    /// A second colour for the border's lines.
    pub secondary_color: Option<&'a str>,
    /// The colour of rules, seal and flourish; gold if there is none.
    pub accent_color: Option<&'a str>,
    /// The tenant's wordmark, above its name.
    pub logo_text: Option<&'a str>,
    /// Who gets it, in any script.
    pub learner_name: &'a str,
    /// What was completed.
    pub course_title: &'a str,
    /// Who signs; without one the tenant does.
    pub instructor_name: Option<&'a str>,
    /// The day it was issued; also the document's date.
    pub issued_on: NaiveDate,
    /// The last day on which it counts.
    pub expires_on: Option<NaiveDate>,
    /// The code under which it can be verified, printed in full.
    pub verification_code: Uuid,
    /// The public page that verifies it: the QR code's content.
    pub verify_url: &'a str,
    /// The language of the fixed words, such as `en` or `de-AT`.
    pub locale: &'a str,
}

/// Why there is no document. Trying again gives the same answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A typeface in the binary is damaged.
    #[error("the typeface {0} cannot be read")]
    Font(&'static str),
    /// The address to verify the certificate at does not fit into a QR code.
    #[error("the address is too long for a QR code")]
    AddressTooLong,
    /// The page is not a valid PDF/A, which means a fault in this module.
    #[error("the document cannot be written: {0}")]
    Document(String),
}

/// Draw a certificate as a PDF/A-2b of one page, A4 across.
///
/// Characters that no typeface has are shown by a stand-in and logged.
///
/// # Errors
/// See [`RenderError`]; no name or title causes one.
pub fn render(view: &CertificateView<'_>) -> Result<Vec<u8>, RenderError> {
    let broken = |error: &dyn std::fmt::Debug| RenderError::Document(format!("{error:?}"));
    let library = Library::get()?;
    let copy = Copy::new(view);
    let palette = Palette::new(view.primary_color, view.secondary_color, view.accent_color);
    let configuration =
        ConfigurationBuilder::new().with_archival_validator(Archival::A2_B).finish().map_err(|error| broken(&error))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| broken(&"page size"))?;

    let mut sheet = document.start_page_with(size);
    let mut surface = sheet.surface();
    page::draw(&mut surface, &copy, &palette, library)?;
    surface.finish();
    if let Some(link) = link(&copy) {
        sheet.add_annotation(link);
    }
    sheet.finish();

    document.set_metadata(metadata(view, &copy));
    document.finish().map_err(|error| broken(&error))
}

/// The QR code can be clicked as well.
fn link(copy: &Copy) -> Option<Annotation> {
    let place = Rect::from_xywh(QR_CORNER.0, QR_CORNER.1, QR_SIDE, QR_SIDE)?;
    let action = Action::Link(LinkAction::new(copy.address.clone()));
    let link = LinkAnnotation::new(place, Target::Action(action));
    Some(Annotation::new_link(link, Some(copy.words.verify.to_owned())))
}

fn metadata(view: &CertificateView<'_>, copy: &Copy) -> Metadata {
    let part = |value: u32| u8::try_from(value).unwrap_or(1);
    let day = view.issued_on;
    let date = DateTime::new(u16::try_from(day.year()).unwrap_or_default())
        .month(part(day.month()))
        .day(part(day.day()))
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(format!("{} – {}", copy.course, copy.learner))
        .description(format!("{} {}", copy.words.heading, copy.words.subheading))
        .authors(vec![copy.tenant.clone()])
        .language(copy.words.language.to_owned())
        .document_id(copy.code.to_string())
        .creation_date(date)
}

#[cfg(test)]
mod reading;
#[cfg(test)]
mod tests;
