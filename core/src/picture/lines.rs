//! Straight lines that are no strokes: frames, rulings, axes, the cells of a form.

use heapless::Vec;

use super::counts::Counts;
use super::ink::Ink;
use super::{Size, at, set};

/// Tilts that are looked for, in 64ths: up to three and a half degrees to either side.
const TILTS: core::ops::RangeInclusive<isize> = -4..=4;
const PER: isize = 64;

/// The shortest line, in hundredths of the picture's side along it.
const SHORTEST: usize = 30;

/// Pixels without ink that do not end a line.
const GAP: usize = 3;

/// The number of thin lines from which on a much thicker line is a stroke.
const RULINGS: usize = 3;

/// The most lines that are remembered; more are strokes.
const MAX_LINES: usize = 96;

/// Rows or columns: along which way a line goes.
#[derive(Clone, Copy)]
enum Way {
    Across,
    Down,
}

/// A straight line of ink. Positions are along the way, and across it.
#[derive(Clone, Copy)]
struct Line {
    way: Way,
    tilt: isize,
    /// Where it would be at position 0.
    origin: isize,
    start: usize,
    end: usize,
    thickness: usize,
}

/// The mark of a pixel that a line has taken.
const TAKEN: u8 = 1;

/// The ink with its marks.
struct Sheet<'s> {
    ink: &'s [u8],
    marks: &'s mut [u8],
    size: Size,
    faint: u8,
}

/// Clears the ink of lines that are no strokes. `marks` is spare memory.
pub(super) fn remove(ink: &mut [u8], marks: &mut [u8], size: Size, found: Ink) {
    marks.fill(0);
    if size.shorter() < 32 {
        return; // an image of a model's own size
    }
    let mut sheet = Sheet { ink, marks, size, faint: found.faint };
    let mut lines = Vec::new();
    for way in [Way::Across, Way::Down] {
        sheet.find(way, &mut lines);
    }
    // Among rulings, what is much thicker and does not cross the sheet is a straight stroke, such as a 1.
    let crosses = |line: &Line| (line.end - line.start) * 10 >= sheet.sides(line.way).0 * 9;
    let short = lines.iter().filter(|line| !crosses(line));
    let stroke = short.map(|line| line.thickness).max().unwrap_or_default();
    let is_ruling = |line: &&Line| line.thickness * 3 <= stroke;
    if lines.iter().filter(is_ruling).count() >= RULINGS {
        sheet.marks.fill(0);
        for line in lines.iter().filter(is_ruling) {
            sheet.mark(line);
        }
    }
    let mut rest = Rest::of(&sheet, found.sure);
    if rest.is_none() {
        // A 1 is a line, too: the thickest is what is drawn, if the others are much thinner.
        let thickest = lines.iter().map(|line| line.thickness).max().unwrap_or_default();
        sheet.marks.fill(0);
        for line in lines.iter().filter(|line| line.thickness * 2 <= thickest) {
            sheet.mark(line);
        }
        rest = Rest::of(&sheet, found.sure);
    }
    let Some(rest) = rest else { return };
    // Marked again, by those that are no strokes alone.
    sheet.marks.fill(0);
    for line in lines.iter().filter(|line| !rest.has(line, size)) {
        sheet.mark(line);
    }
    ink.iter_mut().zip(marks).filter(|(_, mark)| **mark == TAKEN).for_each(|(ink, _)| *ink = 0);
}

impl Sheet<'_> {
    /// The picture's sides along the way and across it.
    const fn sides(&self, way: Way) -> (usize, usize) {
        match way {
            Way::Across => (self.size.width, self.size.height),
            Way::Down => (self.size.height, self.size.width),
        }
    }

    /// The place of a pixel, if it is on the picture.
    fn place(&self, way: Way, along: usize, across: isize) -> Option<usize> {
        let across = usize::try_from(across).ok()?;
        let (length, width) = self.sides(way);
        (along < length && across < width).then(|| match way {
            Way::Across => across * self.size.width + along,
            Way::Down => along * self.size.width + across,
        })
    }

    /// Whether a pixel has ink that no line has taken.
    fn has(&self, way: Way, along: usize, across: isize) -> bool {
        self.place(way, along, across)
            .is_some_and(|place| at(self.ink, place) >= self.faint && at(self.marks, place) == 0)
    }

    /// Finds the lines of one way, at the tilt at which most ink lies in long lines, and marks them.
    fn find(&mut self, way: Way, lines: &mut Vec<Line, MAX_LINES>) {
        let mut best: Option<(u64, isize)> = None;
        for tilt in TILTS {
            let mut sum = 0_u64;
            self.runs(way, tilt, |run| sum += ((run.end - run.start) as u64).pow(2));
            // Upright rather than tilted, if there is nothing between them.
            let better = best.is_none_or(|(most, old)| {
                sum > most || sum == most && tilt.unsigned_abs() < old.unsigned_abs()
            });
            if sum > 0 && better {
                best = Some((sum, tilt));
            }
        }
        let Some((_, tilt)) = best else { return };
        // The longest first: a line's middle rather than its soft edge.
        loop {
            let mut longest: Option<Line> = None;
            self.runs(way, tilt, |run| {
                if longest.is_none_or(|line| run.end - run.start > line.end - line.start) {
                    longest = Some(run);
                }
            });
            let Some(mut line) = longest else { break };
            line.thickness = self.thickness(&line);
            if lines.push(line).is_err() || !self.mark(&line) {
                break;
            }
        }
    }

    /// Calls `found` for every run of ink that is long enough.
    fn runs(&self, way: Way, tilt: isize, mut found: impl FnMut(Line)) {
        let (length, width) = self.sides(way);
        let shortest = (length * SHORTEST / 100).max(16);
        let drift = (length as isize * tilt / PER).unsigned_abs() as isize;
        for origin in -drift..width as isize + drift {
            let (mut start, mut end, mut open) = (0, 0, false);
            for along in 0..length + GAP + 1 {
                let across = origin + along as isize * tilt / PER;
                if self.has(way, along, across) {
                    if !open {
                        (start, open) = (along, true);
                    }
                    end = along + 1;
                } else if open && along >= end + GAP {
                    open = false;
                    if end - start >= shortest {
                        found(Line { way, tilt, origin, start, end, thickness: 0 });
                    }
                }
            }
        }
    }

    /// The first pixel across a line, and the one after the last, of the ink at a position.
    fn extent(&self, line: &Line, along: usize) -> Option<(isize, isize)> {
        let middle = line.origin + along as isize * line.tilt / PER;
        let ink = |across: isize| {
            self.place(line.way, along, across)
                .is_some_and(|place| at(self.ink, place) >= self.faint)
        };
        let inked = [middle, middle - 1, middle + 1].into_iter().find(|&across| ink(across))?;
        let (mut first, mut end) = (inked, inked + 1);
        while ink(first - 1) {
            first -= 1;
        }
        while ink(end) {
            end += 1;
        }
        Some((first, end))
    }

    /// The thickness where it crosses no stroke: a quarter of it is not thicker.
    fn thickness(&self, line: &Line) -> usize {
        let extents = (line.start..line.end).filter_map(|along| self.extent(line, along));
        Counts::<64>::of(extents.map(|(first, end)| first.abs_diff(end))).quantile(1, 4)
    }

    /// Marks a line, but not the strokes that cross it; returns whether anything was marked.
    fn mark(&mut self, line: &Line) -> bool {
        let widest = line.thickness + (line.thickness / 2).max(2);
        let mut marked = false;
        for along in line.start..line.end {
            let Some((first, end)) = self.extent(line, along) else { continue };
            if first.abs_diff(end) > widest {
                continue;
            }
            for across in first - 1..end + 1 {
                if let Some(place) = self.place(line.way, along, across) {
                    marked |= at(self.marks, place) == 0 && at(self.ink, place) >= self.faint;
                    set(self.marks, place, TAKEN);
                }
            }
        }
        marked
    }
}

/// What is drawn beside the lines.
struct Rest {
    /// The columns and rows that nearly all of it is in.
    columns: (usize, usize),
    rows: (usize, usize),
    /// The usual thickness of its strokes.
    stroke: usize,
    /// How many pixels it has.
    mass: usize,
}

impl Rest {
    /// `None` if there is hardly anything: then the lines are what is drawn.
    fn of(sheet: &Sheet<'_>, sure: u8) -> Option<Self> {
        let Size { width, height } = sheet.size;
        let ink = |x: usize, y: usize| {
            let place = y * width + x;
            x < width && y < height && at(sheet.ink, place) >= sure && at(sheet.marks, place) == 0
        };
        let mut all = 0_usize;
        let mut taken = 0_usize;
        // Thickness of strokes: the shorter of the runs along row and column, at each first pixel of a row's.
        let mut strokes = Counts::<64>::of(core::iter::empty::<usize>());
        for y in 0..height {
            for x in 0..width {
                let place = y * width + x;
                if at(sheet.ink, place) >= sure {
                    *(if at(sheet.marks, place) == 0 { &mut all } else { &mut taken }) += 1;
                }
                if ink(x, y) && (x == 0 || !ink(x - 1, y)) {
                    let across = (x..width).take_while(|&x| ink(x, y)).count();
                    let middle = x + across / 2;
                    let down = (y..height).take_while(|&y| ink(middle, y)).count()
                        + (0..y).rev().take_while(|&y| ink(middle, y)).count();
                    strokes.add(across.min(down));
                }
            }
        }
        let fewest = (sheet.size.shorter() / 16).pow(2).max(24);
        if all < fewest / 2 || all * 24 < taken {
            return None;
        }
        let span = |length: usize, inked: &dyn Fn(usize) -> usize| {
            let cut = all / 33;
            let end = |mut order: &mut dyn Iterator<Item = usize>| {
                let mut sum = 0;
                (&mut order).find(|&at| {
                    sum += inked(at);
                    sum > cut
                })
            };
            let first = end(&mut (0..length)).unwrap_or_default();
            (first, end(&mut (0..length).rev()).unwrap_or(length) + 1)
        };
        let columns = span(width, &|x| (0..height).filter(|&y| ink(x, y)).count());
        let rows = span(height, &|y| (0..width).filter(|&x| ink(x, y)).count());
        Some(Self { columns, rows, stroke: strokes.quantile(1, 2), mass: all })
    }

    /// Whether a line is a stroke of the drawing, and not beside it.
    fn has(&self, line: &Line, size: Size) -> bool {
        let length = line.end - line.start;
        let longest = (self.columns.1.saturating_sub(self.columns.0))
            .max(self.rows.1.saturating_sub(self.rows.0));
        let (side, along, beside) = match line.way {
            Way::Across => (size.width, self.columns, self.rows),
            Way::Down => (size.height, self.rows, self.columns),
        };
        // The bar of a 7 may be thinner than its stem, but is not as long.
        let thin = line.thickness * 2 <= self.stroke && length * 10 >= longest * 9;
        let from_edge_to_edge = length * 10 >= side * 9 && length * 10 >= longest * 11;
        let middle = (line.start + line.end) / 2;
        let across = line.origin + middle as isize * line.tilt / PER;
        let outside = across <= beside.0 as isize + 1 || across + 1 >= beside.1 as isize;
        // A stem of a 9 or 4 ends where the bow does, at one of its ends.
        let over = longest / 12;
        let beyond = line.start + over <= along.0 && line.end >= along.1 + over;
        let lighter = length * line.thickness <= self.mass;
        let is_beside = from_edge_to_edge || outside && beyond && length * 20 >= longest * 23;
        !(thin || lighter && is_beside)
    }
}
