//! Which regions are digits, and which of them are one.

use super::ground::{count, quantile};
use super::ink::Ink;
use super::regions::{MAX_REGIONS, Region, Regions};
use super::{LONGEST, Nothing, Size, at, set};

/// The most digits on a picture.
pub const MAX_DIGITS: usize = 512;

/// The most regions that may be parts of one digit that is taller than each of them.
const CROWDED: usize = 4;

/// Where a digit is on a picture, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Digit {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Digit {
    /// The same place on a picture of another size.
    pub(super) fn scaled(self, from: Size, to: Size) -> Self {
        let part = |at: usize, from: usize, to: usize| at * to / from.max(1);
        let (left, top) =
            (part(self.left, from.width, to.width), part(self.top, from.height, to.height));
        Self {
            left,
            top,
            width: (part(self.left + self.width, from.width, to.width) - left).max(1),
            height: (part(self.top + self.height, from.height, to.height) - top).max(1),
        }
    }
}

/// The digits of a picture in reading order.
#[derive(Debug)]
pub(super) struct Digits {
    all: [Digit; MAX_DIGITS],
    count: usize,
    /// The number of each region's digit, plus 1.
    owners: [u16; MAX_REGIONS],
}

impl Digits {
    /// With `one`, all that is meant is one digit.
    pub(super) fn of(regions: &Regions, size: Size, one: bool) -> Result<Self, Nothing> {
        let regions = regions.as_slice();
        let mut owners = [0_u16; MAX_REGIONS];
        let all: &mut [u16] = &mut owners;
        // Every region that is meant begins as a group of its own.
        mark_meant(regions, all, size);
        join(regions, all, one);
        let mut digits = Self { all: [Digit::default(); MAX_DIGITS], count: 0, owners };
        digits.number(regions)?;
        Ok(digits)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Digit> {
        self.all.iter().take(self.count)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The number of the digit that a region with this label belongs to.
    pub(super) fn owner(&self, label: u16) -> Option<usize> {
        let number = usize::from(label).checked_sub(1)?;
        usize::from(self.owners.get(number).copied()?).checked_sub(1)
    }

    /// Scales the ink of each digit so that it is full, and clears what belongs to none.
    pub(super) fn deepen(&self, ink: &mut [u8], labels: &[u16], size: Size, found: Ink) {
        for (number, digit) in self.iter().enumerate() {
            let mut counts = [0_u32; 256];
            let rows = digit.top..digit.top + digit.height;
            let places = rows.flat_map(|y| {
                (digit.left..digit.left + digit.width).map(move |x| y * size.width + x)
            });
            let own = |place: &usize| self.owner(at(labels, *place)) == Some(number);
            for place in places.clone().filter(own) {
                let level = at(ink, place);
                if level >= found.sure {
                    count(&mut counts, level);
                }
            }
            let full = u16::from(quantile(&counts, 3, 4).max(1));
            // Out-of-focus edges would make a large drawing larger than its ink. In one of a model's own size,
            // the faint edges are half-covered pixels, and belong to it.
            let longer = digit.width.max(digit.height).min(160);
            let blur = (usize::from(found.sure) / 2 * longer / 160) as u8;
            for place in places.filter(own) {
                if let Some(level) = ink.get_mut(place) {
                    *level = if *level < blur {
                        0
                    } else {
                        (u16::from(*level) * 255 / full).min(255) as u8
                    };
                }
            }
        }
    }

    /// Numbers the groups in reading order, without those that are too small beside the largest.
    fn number(&mut self, regions: &[Region]) -> Result<(), Nothing> {
        let mut groups = [Region::default(); MAX_DIGITS];
        let mut names = [0_u16; MAX_DIGITS];
        let mut count = 0;
        for (region, &owner) in regions.iter().zip(&self.owners) {
            if owner == 0 {
                continue;
            }
            let known = names.iter().take(count).position(|&name| name == owner);
            let at = known.unwrap_or(count);
            if at >= MAX_DIGITS {
                return Err(Nothing::Crowded);
            }
            count = count.max(at + 1);
            if let (Some(group), Some(name)) = (groups.get_mut(at), names.get_mut(at)) {
                *group = if *name == 0 { *region } else { around(group, region) };
                *name = owner;
            }
        }
        let largest = groups.iter().take(count).map(extent).max().unwrap_or_default();
        let mass = groups.iter().take(count).map(|group| group.mass).max().unwrap_or_default();
        let is_digit = |group: &Region| extent(group) * 5 >= largest * 2 && group.mass * 12 >= mass;
        // Reading order. From left to right, a digit goes on with the row whose last digit is beside it.
        let mut rows = [0_u16; MAX_DIGITS];
        let mut last = [Region::default(); MAX_DIGITS];
        let mut count_rows = 0;
        let mut done = [false; MAX_DIGITS];
        let free = |done: &[bool; MAX_DIGITS]| {
            let all = groups.iter().zip(done).enumerate().take(count);
            let left = all.filter(|(_, (group, done))| !**done && is_digit(group));
            left.min_by_key(|(_, (group, _))| group.left).map(|(at, (group, _))| (at, *group))
        };
        while let Some((at, group)) = free(&done) {
            set(&mut done, at, true);
            let beside = |row: &Region| {
                let both = row.bottom.min(group.bottom).saturating_sub(row.top.max(group.top));
                (both * 5 >= row.height().min(group.height()) * 2).then_some(both)
            };
            let fits = last.iter().enumerate().take(count_rows);
            let row = fits.filter_map(|(row, last)| Some((beside(last)?, row))).max();
            let row = row.map_or(count_rows, |(_, row)| row);
            count_rows = count_rows.max(row + 1);
            set(&mut last, row, group);
            set(&mut rows, at, row as u16);
        }
        // The rows from top to bottom, by the middle of their digits.
        let middle = |row: u16| {
            let own =
                groups.iter().zip(&rows).zip(&done).filter(|((_, of), done)| **done && **of == row);
            let (sum, all) = own.fold((0, 0), |(sum, all), ((group, _), _)| {
                (sum + (group.top + group.bottom) * 64, all + 1)
            });
            sum / usize::max(all, 1)
        };
        let mut middles = [0; MAX_DIGITS];
        middles.iter_mut().zip(0..).take(count_rows).for_each(|(to, row)| *to = middle(row));
        let mut owners = [0_u16; MAX_REGIONS];
        loop {
            let left = groups
                .iter()
                .enumerate()
                .take(count)
                .filter(|(at, _)| done.get(*at) == Some(&true));
            let place = |at: usize, group: &Region| {
                let row = usize::from(rows.get(at).copied().unwrap_or_default());
                (middles.get(row).copied().unwrap_or_default(), row, group.left)
            };
            let next =
                left.min_by_key(|(at, group)| place(*at, group)).map(|(at, group)| (at, *group));
            let Some((at, group)) = next else { break };
            set(&mut done, at, false);
            let Region { left, top, .. } = group;
            let digit = Digit { left, top, width: group.width(), height: group.height() };
            set(&mut self.all, self.count, digit);
            self.count += 1;
            let name = names.get(at).copied().unwrap_or_default();
            for (to, _) in owners.iter_mut().zip(&self.owners).filter(|(_, old)| **old == name) {
                *to = self.count as u16;
            }
        }
        self.owners = owners;
        Ok(())
    }
}

/// The longer side.
fn extent(region: &Region) -> usize {
    region.width().max(region.height())
}

/// The region around two.
fn around(a: &Region, b: &Region) -> Region {
    Region {
        left: a.left.min(b.left),
        top: a.top.min(b.top),
        right: a.right.max(b.right),
        bottom: a.bottom.max(b.bottom),
        mass: a.mass + b.mass,
        at_border: a.at_border + b.at_border,
        ..*a
    }
}

/// Makes a group of each region that is meant: without the desk beside the paper, if what is left is worth it,
/// and without specks.
fn mark_meant(regions: &[Region], owners: &mut [u16], size: Size) {
    let inside = |region: &Region| region.at_border * 5 < size.shorter();
    let heaviest = |only: bool| {
        let meant = regions.iter().filter(|region| !only || inside(region));
        meant.map(|region| (region.mass, extent(region))).max().unwrap_or_default()
    };
    let (all, within) = (heaviest(false), heaviest(true));
    let only = within.0 * 40 >= all.0 && within.1 * 6 >= all.1;
    let most = if only { within } else { all };
    for (number, (region, owner)) in regions.iter().zip(owners).enumerate() {
        let meant = (!only || inside(region)) && region.mass * 50 > most.0;
        *owner = if meant { number as u16 + 1 } else { 0 };
    }
}

/// Joins groups that are parts of one digit, until there are no more.
fn join(regions: &[Region], owners: &mut [u16], one: bool) {
    let meant = regions.iter().zip(owners.iter()).filter(|(_, owner)| **owner > 0);
    let crowded = meant.clone().count() > CROWDED;
    // On a crowded page, some may touch: of all, a quarter is taller.
    let mut heights = [0_u32; LONGEST + 1];
    meant.for_each(|(region, _)| {
        heights.get_mut(region.height()).into_iter().for_each(|count| *count += 1);
    });
    let mut left = if crowded { heights.iter().sum::<u32>() / 4 } else { 0 };
    let tallest = heights.iter().rposition(|&count| {
        let found = count > left;
        left = left.saturating_sub(count);
        found
    });
    let tallest = tallest.unwrap_or_default();
    // The box of each group, at the place of the region that it is named after.
    let mut groups = [Region::default(); MAX_REGIONS];
    groups.iter_mut().zip(regions).for_each(|(group, region)| *group = *region);
    let mut alive = [false; MAX_REGIONS];
    alive.iter_mut().zip(owners.iter()).for_each(|(alive, owner)| *alive = *owner > 0);
    let at = |groups: &[Region], place: usize| groups.get(place).copied().unwrap_or_default();
    loop {
        let mut joined = false;
        for a in 0..regions.len() {
            for b in 0..a {
                if !(alive.get(a) == Some(&true) && alive.get(b) == Some(&true)) {
                    continue;
                }
                let (first, second) = (at(&groups, a), at(&groups, b));
                if one || are_one(&first, &second, tallest, crowded) {
                    set(&mut groups, a, around(&first, &second));
                    set(&mut alive, b, false);
                    let (from, to) = (b as u16 + 1, a as u16 + 1);
                    owners.iter_mut().filter(|owner| **owner == from).for_each(|owner| *owner = to);
                    joined = true;
                }
            }
        }
        if !joined {
            break;
        }
    }
}

/// Whether two groups are parts of one digit: a bar above a 5, strokes of a 4 that do not touch, a pencil's gap.
fn are_one(a: &Region, b: &Region, tallest: usize, crowded: bool) -> bool {
    let overlap =
        |a: (usize, usize), b: (usize, usize)| a.1.min(b.1) as isize - a.0.max(b.0) as isize;
    let across = overlap((a.left, a.right), (b.left, b.right));
    let down = overlap((a.top, a.bottom), (b.top, b.bottom));
    let narrower = a.width().min(b.width()) as isize;
    let (shorter, taller) = (a.height().min(b.height()), a.height().max(b.height()));
    let near = (tallest / 8) as isize;
    let small = shorter * 5 < taller * 3;
    // Neighbours on a crowded page would join one by one.
    let both = around(a, b);
    if crowded && (both.height() * 4 > tallest * 5 || both.width() > tallest * 2) {
        return false;
    }
    if across * 2 >= narrower {
        // Within it, or one above the other.
        return down * 3 >= shorter as isize || small && -down <= near * 2;
    }
    // Beside each other: only a small part belongs to its neighbour.
    small && down >= 0 && -across <= near
}
