//! The digits of a picture in reading order.

use heapless::Vec;

use super::counts::Counts;
use super::groups::Groups;
use super::ink::Ink;
use super::regions::{MAX_REGIONS, Region, Regions};
use super::{Nothing, Size, at, set};

/// The most digits on a picture.
pub const MAX_DIGITS: usize = 512;

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
    all: Vec<Digit, MAX_DIGITS>,
    /// The number of each region's digit, plus 1.
    owners: [u16; MAX_REGIONS],
}

/// A group before its place among the others is known.
struct Placed<'r> {
    /// The group's number.
    group: usize,
    region: &'r Region,
    /// Its row, and with it the middle of the row's digits.
    row: usize,
    middle: usize,
}

impl Digits {
    /// With `one`, all that is meant is one digit.
    pub(super) fn of(regions: Regions, size: Size, one: bool) -> Result<Self, Nothing> {
        let groups = Groups::of(regions, size, one);
        let mut placed = Vec::<Placed<'_>, MAX_DIGITS>::new();
        for (group, region) in groups.digits() {
            let digit = Placed { group, region, row: 0, middle: 0 };
            placed.push(digit).map_err(|_| Nothing::Crowded)?;
        }
        order(&mut placed);
        let mut numbers = [0; MAX_REGIONS];
        let mut all = Vec::new();
        for (Placed { group, region, .. }, number) in placed.iter().zip(1..) {
            let Region { left, top, .. } = **region;
            // As many as are placed.
            let digit = Digit { left, top, width: region.width(), height: region.height() };
            all.push(digit).map_err(|_| Nothing::Crowded)?;
            set(&mut numbers, *group, number);
        }
        let mut owners = [0; MAX_REGIONS];
        for (region, owner) in owners.iter_mut().enumerate() {
            *owner = groups.number(region).map_or(0, |group| at(&numbers, group));
        }
        Ok(Self { all, owners })
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Digit> {
        self.all.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The number of the digit that a region with this label belongs to.
    pub(super) fn owner(&self, label: u16) -> Option<usize> {
        let number = usize::from(label).checked_sub(1)?;
        usize::from(at(&self.owners, number)).checked_sub(1)
    }

    /// Scales the ink of each digit so that it is full.
    pub(super) fn deepen(&self, ink: &mut [u8], labels: &[u16], size: Size, found: Ink) {
        for (number, digit) in self.iter().enumerate() {
            let rows = digit.top..digit.top + digit.height;
            let places = rows.flat_map(|y| {
                (digit.left..digit.left + digit.width).map(move |x| y * size.width + x)
            });
            let own = |place: &usize| self.owner(at(labels, *place)) == Some(number);
            let levels = places.clone().filter(own).map(|place| at(ink, place));
            let sure = Counts::<256>::of(levels.filter(|&level| level >= found.sure));
            let full = (sure.quantile(3, 4) as u16).max(1);
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
}

/// Brings digits into reading order: rows from top to bottom, each from left to right.
fn order(digits: &mut [Placed<'_>]) {
    sort_by(digits, |digit| digit.region.left);
    // From left to right, a digit goes on with the row whose last digit is beside it.
    let mut rows = Vec::<Row<'_>, MAX_DIGITS>::new();
    for digit in &mut *digits {
        let Region { top, bottom, .. } = *digit.region;
        let beside = |row: &Row<'_>| {
            let both = row.last.bottom.min(bottom).saturating_sub(row.last.top.max(top));
            let shorter = row.last.height().min(digit.region.height());
            (both * 5 >= shorter * 2).then_some(both)
        };
        let fitting = rows.iter().enumerate().filter_map(|(at, row)| Some((beside(row)?, at)));
        digit.row = fitting.max().map_or(rows.len(), |(_, at)| at);
        let (sum, count) = rows.get(digit.row).map_or((0, 0), |row| (row.sum, row.count));
        let row = Row { last: digit.region, sum: sum + top + bottom, count: count + 1 };
        match rows.get_mut(digit.row) {
            Some(known) => *known = row,
            // There are no more rows than digits.
            None => drop(rows.push(row)),
        }
    }
    for digit in &mut *digits {
        digit.middle = rows.get(digit.row).map_or(0, |row| row.sum * 64 / row.count.max(1));
    }
    sort_by(digits, |digit| (digit.middle, digit.row, digit.region.left));
}

/// A row of digits.
struct Row<'r> {
    last: &'r Region,
    /// Of the upper and lower ends of its digits, and how many they are.
    sum: usize,
    count: usize,
}

/// Insertion sort: that of the library can panic, if a key changes.
fn sort_by<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    for end in 1..=items.len() {
        let mut rest = items.get_mut(..end).unwrap_or_default();
        while let [before @ .., a, b] = rest {
            if key(a) <= key(b) {
                break;
            }
            core::mem::swap(a, b);
            let length = before.len() + 1;
            rest = rest.get_mut(..length).unwrap_or_default();
        }
    }
}
