//! The transcript as a document: a person's courses in a table, over as many pages as it takes.
//!
//! Pure, as the certificate is: the same bytes for the same view.

use chrono::{Datelike, NaiveDate};
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::{Document, SerializeSettings};
use uuid::Uuid;

use super::RenderError;
use super::canvas::{Align, Canvas, rectangle};
use super::clean::clean;
use super::fit::{Frame, fit};
use super::fonts::{Hand, Library};
use super::ornament;
use super::palette::Palette;
use super::text::Style;
use super::transcript_words::TranscriptWords;
use super::words::Words;

/// A4 upright.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const LEFT: f32 = 56.0;
const RIGHT: f32 = WIDTH - 56.0;
/// Where the table begins on the first page, and on those after it.
const FIRST_TABLE: f32 = 236.0;
const NEXT_TABLE: f32 = 96.0;
const ROW: f32 = 34.0;
/// Rows on the first page, and on those after it.
const FIRST_ROWS: usize = 15;
const NEXT_ROWS: usize = 19;
/// Where columns are: the title's width, and where the others end.
const TITLE_WIDTH: f32 = 214.0;
const ENROLLED: f32 = 352.0;
const COMPLETED: f32 = 434.0;
const HOURS: f32 = 472.0;

const ROMAN: Style = Style::plain(Hand::Roman);

/// What a transcript says and how it is dressed.
#[derive(Debug, Clone)]
pub struct TranscriptView<'a> {
    /// Who gives it.
    pub tenant_name: &'a str,
    /// The tenant's colour, as `#RRGGBB`.
    pub primary_color: &'a str,
    pub accent_color: Option<&'a str>,
    /// Whose it is, in any script.
    pub learner_name: &'a str,
    /// The day of which it is true; also the document's date.
    pub as_of: NaiveDate,
    pub lines: Vec<TranscriptEntry>,
    /// Where a code is verified.
    pub verify_url: &'a str,
    /// The language of the fixed words.
    pub locale: &'a str,
}

/// A course of the table.
#[derive(Debug, Clone)]
pub struct TranscriptEntry {
    pub course_title: String,
    pub hours: i32,
    pub enrolled_on: NaiveDate,
    pub completed_on: Option<NaiveDate>,
    pub outcome: Outcome,
    /// Of its certificate.
    pub code: Option<Uuid>,
}

/// What came of a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    /// So many percent.
    InProgress(i16),
    /// It ended at so many percent.
    Ended(i16),
}

/// A page's place among all.
#[derive(Debug, Clone, Copy)]
struct Place {
    number: usize,
    of: usize,
}

struct Sheet<'v> {
    view: &'v TranscriptView<'v>,
    words: &'static TranscriptWords,
    days: &'static Words,
    palette: Palette,
}

/// Draw a transcript as a PDF/A-2b, A4 upright; how many pages it has is said besides.
///
/// # Errors
/// See [`RenderError`]; no name or title causes one.
pub fn render_transcript(view: &TranscriptView<'_>) -> Result<(Vec<u8>, usize), RenderError> {
    let broken = |error: &dyn std::fmt::Debug| RenderError::Document(format!("{error:?}"));
    let library = Library::get()?;
    let days = Words::of(view.locale);
    let sheet = Sheet {
        view,
        words: TranscriptWords::of(days.language),
        days,
        palette: Palette::new(view.primary_color, None, view.accent_color),
    };
    let configuration =
        ConfigurationBuilder::new().with_archival_validator(Archival::A2_B).finish().map_err(|error| broken(&error))?;
    let settings = SerializeSettings { configuration, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| broken(&"page size"))?;

    let pages = pages(&view.lines);
    for (number, rows) in pages.iter().enumerate() {
        let place = Place { number: number + 1, of: pages.len() };
        let mut page = document.start_page_with(size.clone());
        let mut surface = page.surface();
        sheet.draw(&mut surface, library, rows, place);
        surface.finish();
        page.finish();
    }
    document.set_metadata(metadata(view, &sheet));
    let count = pages.len();
    Ok((document.finish().map_err(|error| broken(&error))?, count))
}

/// The rows of each page; one page at least.
fn pages(lines: &[TranscriptEntry]) -> Vec<&[TranscriptEntry]> {
    let (first, rest) = lines.split_at(lines.len().min(FIRST_ROWS));
    std::iter::once(first).chain(rest.chunks(NEXT_ROWS)).collect()
}

impl Sheet<'_> {
    fn draw(&self, surface: &mut Surface<'_>, library: &'static Library, rows: &[TranscriptEntry], place: Place) {
        let canvas = &mut Canvas { surface, library };
        canvas.fill(rectangle(0.0, 0.0, WIDTH, 10.0), self.palette.primary);
        canvas.fill(rectangle(0.0, 10.0, WIDTH, 1.5), self.palette.accent);
        let top = if place.number == 1 {
            self.heading(canvas);
            FIRST_TABLE
        } else {
            self.running_head(canvas);
            NEXT_TABLE
        };
        self.columns(canvas, top);
        if rows.is_empty() {
            let at = (LEFT, top + 24.0);
            canvas.write(self.words.nothing, Style::plain(Hand::Italic), 12.0, at, Align::Left, self.palette.soft_ink);
        }
        let mut y = top + 8.0;
        for row in rows {
            self.row(canvas, row, y);
            y += ROW;
        }
        self.foot(canvas, place);
    }

    /// Who gives it, what it is, and whose.
    fn heading(&self, canvas: &mut Canvas<'_, '_>) {
        let palette = &self.palette;
        let frame = Frame { width: RIGHT - LEFT, height: 22.0, largest: 17.0, smallest: 8.0, leading: 1.1 };
        let tenant =
            fit(canvas.library, &clean(self.view.tenant_name), Style { hand: Hand::Medium, tracking: 0.05 }, frame);
        canvas.block(&tenant, 1.1, (WIDTH / 2.0, 66.0), Align::Middle, palette.primary);
        let spaced = Style { hand: Hand::Roman, tracking: 0.14 };
        canvas.write(self.words.heading, spaced, 22.0, (WIDTH / 2.0, 100.0), Align::Middle, palette.ink);
        ornament::flourish(canvas, palette, (WIDTH / 2.0, 116.0), 130.0);
        let name = Some(clean(self.view.learner_name)).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| self.days.nameless.to_owned());
        let frame = Frame { width: RIGHT - LEFT, height: 40.0, largest: 28.0, smallest: 10.0, leading: 1.15 };
        let name = fit(canvas.library, &name, ROMAN, frame);
        canvas.block(&name, frame.leading, (WIDTH / 2.0, 152.0), Align::Middle, palette.deep);
        let italic = Style::plain(Hand::Italic);
        let as_of = format!("{} {}", self.words.as_of, self.days.day(self.view.as_of));
        canvas.write(&as_of, italic, 12.0, (WIDTH / 2.0, 192.0), Align::Middle, palette.soft_ink);
        let completed = self.view.lines.iter().filter(|line| line.outcome == Outcome::Completed);
        let (count, hours) = completed.fold((0_u32, 0_i64), |(n, hours), line| (n + 1, hours + i64::from(line.hours)));
        let summary = format!("{}: {count} · {hours}", self.words.summary);
        canvas.write(&summary, italic, 12.0, (WIDTH / 2.0, 208.0), Align::Middle, palette.soft_ink);
    }

    /// On pages after the first: whose it is.
    fn running_head(&self, canvas: &mut Canvas<'_, '_>) {
        let frame = Frame { width: 300.0, height: 16.0, largest: 13.0, smallest: 7.0, leading: 1.1 };
        let name = fit(canvas.library, &clean(self.view.learner_name), ROMAN, frame);
        canvas.block(&name, 1.1, (LEFT, 62.0), Align::Left, self.palette.deep);
        let frame = Frame { width: 170.0, height: 16.0, largest: 11.0, smallest: 6.0, leading: 1.1 };
        let tenant = fit(canvas.library, &clean(self.view.tenant_name), ROMAN, frame);
        canvas.block(&tenant, 1.1, (RIGHT, 62.0), Align::Right, self.palette.soft_ink);
    }

    fn columns(&self, canvas: &mut Canvas<'_, '_>, y: f32) {
        let style = Style { hand: Hand::Medium, tracking: 0.08 };
        for (text, x, align) in [
            (self.words.course, LEFT, Align::Left),
            (self.words.enrolled, ENROLLED, Align::Right),
            (self.words.completed, COMPLETED, Align::Right),
            (self.words.hours, HOURS, Align::Right),
            (self.words.result, RIGHT, Align::Right),
        ] {
            canvas.write(&text.to_uppercase(), style, 7.2, (x, y), align, self.palette.soft_ink);
        }
        canvas.rule((LEFT, y + 6.0), (RIGHT, y + 6.0), self.palette.primary, 0.9);
    }

    fn row(&self, canvas: &mut Canvas<'_, '_>, row: &TranscriptEntry, top: f32) {
        let palette = &self.palette;
        let base = top + 13.0;
        let title = Some(clean(&row.course_title)).filter(|title| !title.is_empty());
        let title = title.unwrap_or_else(|| self.days.untitled.to_owned());
        let frame = Frame { width: TITLE_WIDTH, height: 20.0, largest: 10.5, smallest: 6.5, leading: 1.12 };
        let title = fit(canvas.library, &title, Style::plain(Hand::Medium), frame);
        let lift = if title.lines.len() > 1 { 3.5 } else { 0.0 };
        canvas.block(&title, frame.leading, (LEFT, base - lift), Align::Left, palette.ink);
        if let Some(code) = row.code {
            let mono = Style::plain(Hand::Mono);
            canvas.write(&code.to_string(), mono, 5.8, (LEFT, top + 29.0), Align::Left, palette.soft_ink);
        }
        let result = match row.outcome {
            Outcome::Completed => self.words.passed.to_owned(),
            Outcome::InProgress(percent) => format!("{} {percent} %", self.words.in_progress),
            Outcome::Ended(percent) => format!("{} {percent} %", self.words.expired),
        };
        let completed = row.completed_on.map(short).unwrap_or_default();
        for (text, x) in [
            (short(row.enrolled_on), ENROLLED),
            (completed, COMPLETED),
            (row.hours.to_string(), HOURS),
            (result, RIGHT),
        ] {
            canvas.write(&text, ROMAN, 9.2, (x, base), Align::Right, palette.ink);
        }
        canvas.rule((LEFT, top + ROW - 1.0), (RIGHT, top + ROW - 1.0), palette.pale, 0.35);
    }

    /// How a stranger can see that this is true, and which page of how many this is.
    fn foot(&self, canvas: &mut Canvas<'_, '_>, place: Place) {
        let y = HEIGHT - 42.0;
        canvas.rule((LEFT, y - 14.0), (RIGHT, y - 14.0), self.palette.accent, 0.6);
        let hint = format!("{} {}", self.words.verify, clean(self.view.verify_url));
        let frame = Frame { width: RIGHT - LEFT - 80.0, height: 20.0, largest: 8.0, smallest: 5.0, leading: 1.2 };
        let hint = fit(canvas.library, &hint, ROMAN, frame);
        canvas.block(&hint, frame.leading, (LEFT, y), Align::Left, self.palette.soft_ink);
        let number = format!("{} {} / {}", self.words.page, place.number, place.of);
        canvas.write(&number, ROMAN, 8.0, (RIGHT, y), Align::Right, self.palette.soft_ink);
    }
}

/// A day in a column: the same in every language.
fn short(day: NaiveDate) -> String {
    day.format("%Y-%m-%d").to_string()
}

fn metadata(view: &TranscriptView<'_>, sheet: &Sheet<'_>) -> Metadata {
    let part = |value: u32| u8::try_from(value).unwrap_or(1);
    let day = view.as_of;
    let date = DateTime::new(u16::try_from(day.year()).unwrap_or_default())
        .month(part(day.month()))
        .day(part(day.day()))
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(format!("{} – {}", sheet.words.heading, clean(view.learner_name)))
        .authors(vec![clean(view.tenant_name)])
        .language(sheet.days.language.to_owned())
        .creation_date(date)
}

#[cfg(test)]
mod tests {
    use super::super::reading::texts_of;
    use super::*;

    fn view(count: usize) -> TranscriptView<'static> {
        let day = NaiveDate::from_ymd_opt(2026, 11, 14).unwrap();
        let line = |n: usize| TranscriptEntry {
            course_title: format!("Knots {n}"),
            hours: 10,
            enrolled_on: day,
            completed_on: Some(day),
            outcome: Outcome::Completed,
            code: Some(Uuid::from_u128(u128::try_from(n).unwrap())),
        };
        TranscriptView {
            tenant_name: "Acme Learning",
            primary_color: "#3B82F6",
            accent_color: None,
            learner_name: "Alice Williams",
            as_of: day,
            lines: (0..count).map(line).collect(),
            verify_url: "https://lms.example.com/api/certificates/verify/",
            locale: "en",
        }
    }

    #[test]
    fn every_course_stands_on_one_of_the_numbered_pages() {
        for (count, wanted) in [(0, 1), (1, 1), (FIRST_ROWS, 1), (FIRST_ROWS + 1, 2), (100, 6)] {
            let (pdf, pages) = render_transcript(&view(count)).unwrap();
            let texts = texts_of(&pdf);
            assert_eq!((pages, texts.len()), (wanted, wanted), "{count} courses");
            let all = texts.concat();
            for n in 0..count {
                assert_eq!(all.matches(&Uuid::from_u128(u128::try_from(n).unwrap()).to_string()).count(), 1, "{n}");
            }
            for (number, text) in texts.iter().enumerate() {
                assert!(text.contains(&format!("Page{}/{wanted}", number + 1)), "{text}");
                assert!(text.contains("lms.example.com/api/certificates/verify/") && text.contains("AliceWilliams"));
            }
        }
    }

    #[test]
    fn names_and_titles_of_any_script_and_length_are_set() {
        let mut view = view(3);
        view.learner_name = "王小明 Δημήτρης";
        view.locale = "de";
        view.lines[0].course_title = "علم البيانات".to_owned();
        view.lines[1].course_title = "Very long ".repeat(200);
        view.lines[2].course_title = "\u{202e}\0".to_owned();
        view.lines[2].outcome = Outcome::InProgress(40);
        let [first, second] = [(), ()].map(|()| {
            let begun = std::time::Instant::now();
            (render_transcript(&view).unwrap().0, begun.elapsed())
        });
        // The machine may be busy with something else, but not each time.
        assert!(first.1.min(second.1) < std::time::Duration::from_secs(20));
        let pdf = first.0;
        let text = texts_of(&pdf).concat();
        for part in ["王小明Δημήτρης", "LEISTUNGSNACHWEIS", "Läuft40%", "Seite1/1", "KursohneTitel"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(second.0, pdf, "the same view gives the same bytes");
    }
}
