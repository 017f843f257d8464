//! Drawing, in the few words that a certificate needs. Points, from the top left corner.

use std::f32::consts::TAU;

use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::paint::{Fill, FillRule, LineCap, LineJoin, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{ContentTag, SpanTag};

use super::fit::Block;
use super::fonts::Library;
use super::text::{Line, Style, shape};
use shared::colour::Rgb;

/// Which point of a text is put at the place given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// The page while it is drawn on.
pub(super) struct Canvas<'a, 'b> {
    pub(super) surface: &'a mut Surface<'b>,
    pub(super) library: &'static Library,
}

impl Canvas<'_, '_> {
    pub(super) fn fill(&mut self, path: Option<Path>, colour: Rgb) {
        let Some(path) = path else { return };
        self.ink(colour);
        self.surface.draw_path(&path);
    }

    pub(super) fn stroke(&mut self, path: Option<Path>, colour: Rgb, width: f32) {
        let Some(path) = path else { return };
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(Stroke {
            paint: super::palette::paint(colour).into(),
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        }));
        self.surface.draw_path(&path);
        self.surface.set_stroke(None);
    }

    pub(super) fn rule(&mut self, from: (f32, f32), to: (f32, f32), colour: Rgb, width: f32) {
        self.stroke(polygon(&[from, to], false), colour, width);
    }

    /// One line of clean text at its base line; answers how wide it came out.
    pub(super) fn write(
        &mut self,
        text: &str,
        style: Style,
        size: f32,
        at: (f32, f32),
        align: Align,
        colour: Rgb,
    ) -> f32 {
        let line = shape(self.library, text, style, None);
        self.line(&line, size, at, align, colour, style.tracking > 0.08);
        line.width * size
    }

    /// A block of lines, the first at the base line given.
    pub(super) fn block(&mut self, block: &Block, leading: f32, at: (f32, f32), align: Align, colour: Rgb) {
        let mut y = at.1;
        for line in &block.lines {
            self.line(line, block.size, (at.0, y), align, colour, false);
            y += block.size * leading;
        }
    }

    fn line(&mut self, line: &Line, size: f32, (x, y): (f32, f32), align: Align, colour: Rgb, spaced: bool) {
        let width = line.width * size;
        let mut x = match align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        self.ink(colour);
        // Letters set far apart would be read back as words of one letter each.
        if spaced {
            let span = SpanTag::empty().with_actual_text(Some(&line.text));
            self.surface.start_tagged(ContentTag::Span(span));
        }
        for run in &line.runs {
            self.surface.draw_glyphs(Point::from_xy(x, y), &run.glyphs, run.face.font.clone(), &line.text, size, false);
            x += run.width * size;
        }
        if spaced {
            self.surface.end_tagged();
        }
    }

    fn ink(&mut self, colour: Rgb) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(Fill {
            paint: super::palette::paint(colour).into(),
            opacity: NormalizedF32::ONE,
            rule: FillRule::EvenOdd,
        }));
    }
}

pub(super) fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_xywh(x, y, width, height)?);
    path.finish()
}

/// Straight lines from point to point.
pub(super) fn polygon(points: &[(f32, f32)], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    path.move_to(first.0, first.1);
    for (x, y) in rest {
        path.line_to(*x, *y);
    }
    if closed {
        path.close();
    }
    path.finish()
}

/// A smooth closed curve through `samples` points of a function on 0‥1.
pub(super) fn closed_curve(samples: u16, at: impl Fn(f32) -> (f32, f32)) -> Option<Path> {
    let count = f32::from(samples.max(3));
    let point = |n: f32| at((n.rem_euclid(count)) / count);
    // A hundredth of a point is finer than any printer; more digits would double the file.
    let fine = |value: f32| (value * 100.0).round() / 100.0;
    let mut path = PathBuilder::new();
    let start = point(0.0);
    path.move_to(fine(start.0), fine(start.1));
    for n in 0..samples.max(3) {
        // Catmull and Rom: the tangent at a point is that of the chord between its neighbours.
        let n = f32::from(n);
        let [before, from, to, after] = [n - 1.0, n, n + 1.0, n + 2.0].map(point);
        path.cubic_to(
            fine(from.0 + (to.0 - before.0) / 6.0),
            fine(from.1 + (to.1 - before.1) / 6.0),
            fine(to.0 - (after.0 - from.0) / 6.0),
            fine(to.1 - (after.1 - from.1) / 6.0),
            fine(to.0),
            fine(to.1),
        );
    }
    path.close();
    path.finish()
}

pub(super) fn circle((x, y): (f32, f32), radius: f32) -> Option<Path> {
    closed_curve(24, |t| polar((x, y), radius, t * TAU))
}

/// The point at a distance and an angle from another, the angle from the right and clockwise.
pub(super) fn polar((x, y): (f32, f32), radius: f32, angle: f32) -> (f32, f32) {
    (x + radius * angle.cos(), y + radius * angle.sin())
}
