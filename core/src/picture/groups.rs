//! Which regions are meant, and which of them are parts of one digit.

use super::Size;
use super::counts::Counts;
use super::regions::{MAX_REGIONS, Region, Regions};
use super::{LONGEST, at, set};

/// The most regions that may be parts of one digit that is taller than each of them.
const CROWDED: usize = 4;

/// Regions that belong together. A group has the number of one of its regions.
pub(super) struct Groups {
    /// The box of each group, at the place of its number.
    boxes: Regions,
    /// The number of each region's group, plus 1; 0 for what is not meant.
    names: [u16; MAX_REGIONS],
}

impl Groups {
    /// With `one`, all that is meant is one group.
    pub(super) fn of(regions: Regions, size: Size, one: bool) -> Self {
        let mut groups = Self { boxes: regions, names: [0; MAX_REGIONS] };
        groups.keep_meant(size);
        groups.join(one);
        groups
    }

    /// The groups that are no smaller than digits beside the largest: number and box.
    pub(super) fn digits(&self) -> impl Iterator<Item = (usize, &Region)> {
        let groups = self.all();
        let largest = groups.clone().map(|(_, group)| group.extent()).max().unwrap_or_default();
        let heaviest = groups.clone().map(|(_, group)| group.mass).max().unwrap_or_default();
        groups.filter(move |(_, group)| {
            group.extent() * 5 >= largest * 2 && group.mass * 12 >= heaviest
        })
    }

    /// The number of a region's group.
    pub(super) fn number(&self, region: usize) -> Option<usize> {
        usize::from(at(&self.names, region)).checked_sub(1)
    }

    fn all(&self) -> impl Iterator<Item = (usize, &Region)> + Clone {
        self.boxes.iter().enumerate().filter(|(number, _)| self.number(*number) == Some(*number))
    }

    /// Makes a group of each region that is meant: without the desk beside the paper, if what is left is worth
    /// it, and without specks.
    fn keep_meant(&mut self, size: Size) {
        let inside = |region: &Region| region.at_border * 5 < size.shorter();
        let heaviest = |only: bool| {
            let meant = self.boxes.iter().filter(|region| !only || inside(region));
            meant.map(|region| (region.mass, region.extent())).max().unwrap_or_default()
        };
        let (all, within) = (heaviest(false), heaviest(true));
        let only = within.0 * 40 >= all.0 && within.1 * 6 >= all.1;
        let most = if only { within.0 } else { all.0 };
        for ((number, region), name) in (1..).zip(&self.boxes).zip(&mut self.names) {
            let is_meant = (!only || inside(region)) && region.mass * 50 > most;
            *name = if is_meant { number } else { 0 };
        }
    }

    /// Joins groups that are parts of one digit, until there are no more.
    fn join(&mut self, one: bool) {
        let heights = self.all().map(|(_, group)| group.height());
        let crowded = heights.clone().count() > CROWDED;
        // On a crowded page, some may touch.
        let tallest = match crowded {
            true => Counts::<{ LONGEST + 1 }>::of(heights).quantile(3, 4),
            false => heights.max().unwrap_or_default(),
        };
        let mut joined = true;
        while joined {
            joined = false;
            for a in 0..self.boxes.len() {
                for b in 0..a {
                    let are_groups = [a, b].map(|number| self.number(number) == Some(number));
                    let (Some(&first), Some(&second)) = (self.boxes.get(a), self.boxes.get(b))
                    else {
                        continue;
                    };
                    if are_groups != [true; 2]
                        || !one && !are_one(&first, &second, tallest, crowded)
                    {
                        continue;
                    }
                    set(&mut self.boxes, a, first.and(&second));
                    let (from, to) = (b as u16 + 1, a as u16 + 1);
                    self.names.iter_mut().filter(|name| **name == from).for_each(|name| *name = to);
                    joined = true;
                }
            }
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
    let both = a.and(b);
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
