//! Border, rosettes and seal: fine lines that repeat, as on banknotes.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use super::canvas::{Canvas, circle, closed_curve, polar, polygon};
use super::palette::Palette;

/// A rectangle with round corners, as a line that is walked along.
struct Track {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
    radius: f32,
}

impl Track {
    fn sides(&self) -> (f32, f32, f32) {
        let across = self.width - 2.0 * self.radius;
        let down = self.height - 2.0 * self.radius;
        (across, down, self.radius * FRAC_PI_2)
    }

    fn length(&self) -> f32 {
        let (across, down, bend) = self.sides();
        2.0 * (across + down) + 4.0 * bend
    }

    /// The point `along` the line from the top left, clockwise, moved outwards by `offset`.
    fn point(&self, along: f32, offset: f32) -> (f32, f32) {
        let (across, down, bend) = self.sides();
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        let r = self.radius;
        // Each leg: its length, where its straight part starts, its heading, and its corner.
        let legs = [
            (across, (self.left + r, self.top), 0.0, (right - r, self.top + r)),
            (down, (right, self.top + r), FRAC_PI_2, (right - r, bottom - r)),
            (across, (right - r, bottom), PI, (self.left + r, bottom - r)),
            (down, (self.left, bottom - r), PI + FRAC_PI_2, (self.left + r, self.top + r)),
        ];
        let mut rest = along.rem_euclid(self.length());
        for (straight, start, heading, corner) in legs {
            let outwards = heading - FRAC_PI_2;
            if rest <= straight {
                return polar(polar(start, rest, heading), offset, outwards);
            }
            rest -= straight;
            if rest <= bend {
                return polar(corner, r + offset, outwards + rest / r);
            }
            rest -= bend;
        }
        (self.left + r, self.top - offset)
    }

    /// The line itself, moved outwards by `offset`.
    fn rule(&self, offset: f32) -> Option<krilla::geom::Path> {
        // How far the handles of a Bézier curve stand off for a quarter of a circle.
        const QUARTER: f32 = 0.5523;
        let (left, top) = (self.left - offset, self.top - offset);
        let (right, bottom) = (self.left + self.width + offset, self.top + self.height + offset);
        let r = self.radius + offset;
        let h = r * (1.0 - QUARTER);
        let mut path = krilla::geom::PathBuilder::new();
        path.move_to(left + r, top);
        path.line_to(right - r, top);
        path.cubic_to(right - h, top, right, top + h, right, top + r);
        path.line_to(right, bottom - r);
        path.cubic_to(right, bottom - h, right - h, bottom, right - r, bottom);
        path.line_to(left + r, bottom);
        path.cubic_to(left + h, bottom, left, bottom - h, left, bottom - r);
        path.line_to(left, top + r);
        path.cubic_to(left, top + h, left + h, top, left + r, top);
        path.close();
        path.finish()
    }
}

/// The border: two bundles of waves that run against each other between two fine rules.
pub(super) fn border(canvas: &mut Canvas<'_, '_>, palette: &Palette, width: f32, height: f32) {
    const MIDDLE: f32 = 32.0;
    const HALF: f32 = 9.0;
    const WAVES: f32 = 104.0;
    let track =
        Track { left: MIDDLE, top: MIDDLE, width: width - 2.0 * MIDDLE, height: height - 2.0 * MIDDLE, radius: 26.0 };
    for (strand, colour) in [palette.pale, palette.second, palette.primary].into_iter().enumerate() {
        let strand = f32::from(u8::try_from(strand).unwrap_or_default());
        for direction in [1.0, -1.0] {
            let phase = strand * TAU / 3.0;
            // A slow swell beside the quick wave: the bundle breathes along the page.
            let wave = |t: f32| {
                let swell = 0.74 + 0.26 * (TAU * t * WAVES / 4.0 + phase).cos();
                let offset = HALF * swell * direction * (TAU * t * WAVES + phase).sin();
                track.point(t * track.length(), offset)
            };
            canvas.stroke(closed_curve(832, wave), colour, 0.42);
        }
    }
    for (offset, line, colour) in [
        (HALF + 3.4, 1.3, palette.primary),
        (HALF + 5.8, 0.4, palette.accent),
        (-HALF - 3.4, 0.5, palette.primary),
        (-HALF - 6.2, 0.9, palette.accent),
    ] {
        canvas.stroke(track.rule(offset), colour, line);
    }
}

/// The pale rosette behind the text.
pub(super) fn ghost(canvas: &mut Canvas<'_, '_>, palette: &Palette, centre: (f32, f32)) {
    for turn in 0..14_u8 {
        let phase = f32::from(turn) * TAU / 14.0;
        let petals = closed_curve(216, |t| {
            let angle = t * TAU;
            let radius = 118.0 + 62.0 * (9.0 * angle + phase).cos() + 14.0 * (27.0 * angle).cos();
            polar(centre, radius, angle)
        });
        canvas.stroke(petals, palette.ghost, 0.5);
    }
}

/// The seal: ribbons, a scalloped disc, engraved rings, a wreath and a star.
pub(super) fn seal(canvas: &mut Canvas<'_, '_>, palette: &Palette, centre: (f32, f32), size: f32) {
    for side in [-1.0, 1.0] {
        canvas.fill(ribbon(centre, size, side), palette.deep);
    }
    let scalloped = |radius: f32, depth: f32| {
        closed_curve(288, move |t| {
            let angle = t * TAU;
            polar(centre, radius + depth * (36.0 * angle).cos(), angle)
        })
    };
    canvas.fill(scalloped(size * 1.045, size * 0.03), palette.white);
    canvas.fill(scalloped(size, size * 0.028), palette.accent);
    canvas.fill(circle(centre, size * 0.915), palette.white);
    canvas.fill(circle(centre, size * 0.885), palette.primary);
    for turn in 0..6_u8 {
        let phase = f32::from(turn) * TAU / 6.0;
        let ring = closed_curve(288, |t| {
            let angle = t * TAU;
            polar(centre, size * (0.755 + 0.085 * (24.0 * angle + phase).cos()), angle)
        });
        canvas.stroke(ring, palette.pale, 0.3);
    }
    canvas.fill(circle(centre, size * 0.62), palette.white);
    canvas.stroke(circle(centre, size * 0.575), palette.accent, 0.6);
    wreath(canvas, palette, centre, size * 0.40);
    canvas.fill(star((centre.0, centre.1 - size * 0.02), size * 0.2), palette.accent);
}

/// One tail of the ribbon; `hand` is -1 for the left one and 1 for the right.
fn ribbon((x, y): (f32, f32), reach: f32, hand: f32) -> Option<krilla::geom::Path> {
    let lean = |dx: f32, dy: f32| (x + hand * reach * dx, y + reach * dy);
    polygon(&[lean(0.06, 0.6), lean(0.62, 0.5), lean(0.78, 1.5), lean(0.5, 1.36), lean(0.3, 1.58)], true)
}

fn star(centre: (f32, f32), radius: f32) -> Option<krilla::geom::Path> {
    let points: Vec<_> = (0..10_u8)
        .map(|n| {
            let reach = if n % 2 == 0 { radius } else { radius * 0.42 };
            polar(centre, reach, f32::from(n) * PI / 5.0 - FRAC_PI_2)
        })
        .collect();
    polygon(&points, true)
}

/// Two branches of leaves, open at the top.
fn wreath(canvas: &mut Canvas<'_, '_>, palette: &Palette, centre: (f32, f32), radius: f32) {
    for side in [-1.0, 1.0] {
        for n in 0..9_u8 {
            let angle = FRAC_PI_2 - side * (0.22 + f32::from(n) * 0.27);
            let at = polar(centre, radius, angle);
            let along = angle - side * FRAC_PI_2;
            for lean in [0.5, -0.5] {
                let leaf = leaf(at, radius * 0.36, along + side * lean);
                canvas.fill(leaf, palette.primary);
            }
        }
    }
}

/// A leaf that starts at a point and lies along an angle.
fn leaf(from: (f32, f32), length: f32, angle: f32) -> Option<krilla::geom::Path> {
    let tip = polar(from, length, angle);
    let belly = |side: f32| polar(polar(from, length * 0.45, angle), length * 0.24, angle + side * FRAC_PI_2);
    let (one, two) = (belly(1.0), belly(-1.0));
    let mut path = krilla::geom::PathBuilder::new();
    path.move_to(from.0, from.1);
    path.quad_to(one.0, one.1, tip.0, tip.1);
    path.quad_to(two.0, two.1, from.0, from.1);
    path.close();
    path.finish()
}

/// A fine line that thins out to both sides of a small diamond.
pub(super) fn flourish(canvas: &mut Canvas<'_, '_>, palette: &Palette, (x, y): (f32, f32), half: f32) {
    for side in [-1.0, 1.0] {
        let point = |dx: f32, dy: f32| (x + side * dx, y + dy);
        let blade = polygon(&[point(9.0, -0.55), point(half, 0.0), point(9.0, 0.55)], true);
        canvas.fill(blade, palette.accent);
    }
    let diamond = polygon(&[(x - 4.4, y), (x, y - 4.4), (x + 4.4, y), (x, y + 4.4)], true);
    canvas.fill(diamond, palette.accent);
}
