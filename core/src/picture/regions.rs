//! Connected ink.

use heapless::Vec;

use super::ink::Ink;
use super::{Nothing, Size, at, set};

/// The most regions that are counted while they are still being joined; more are noise.
const MAX_LABELS: usize = 1 << 13;

/// The most regions with sure ink; more are noise.
pub(super) const MAX_REGIONS: usize = 1024;

/// A region's box, end not included, and how much ink it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
    pub(super) mass: u64,
    /// Pixels at the picture's border.
    pub(super) at_border: usize,
}

/// Regions with sure ink. The label of region number n is n + 1.
pub(super) type Regions = Vec<Region, MAX_REGIONS>;

impl Region {
    /// No pixels.
    const EMPTY: Self =
        Self { left: usize::MAX, top: usize::MAX, right: 0, bottom: 0, mass: 0, at_border: 0 };

    /// The region of both.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
            mass: self.mass + other.mass,
            at_border: self.at_border + other.at_border,
        }
    }

    /// The longer side.
    pub(super) fn extent(&self) -> usize {
        self.width().max(self.height())
    }

    pub(super) const fn width(&self) -> usize {
        self.right.saturating_sub(self.left)
    }

    pub(super) const fn height(&self) -> usize {
        self.bottom.saturating_sub(self.top)
    }
}

/// Labels the regions, diagonals included: of what is at least faint and contains something sure. Two passes
/// with a table of labels that are equal (Rosenfeld and Pfaltz, *Sequential operations in digital picture
/// processing*, 1966).
pub(super) fn find(
    ink: &[u8],
    labels: &mut [u16],
    size: Size,
    found: Ink,
) -> Result<Regions, Nothing> {
    let width = size.width;
    let mut parents = [0_u16; MAX_LABELS];
    let mut next = 1_u16;
    for y in 0..size.height {
        for x in 0..width {
            let place = y * width + x;
            let mut label = 0;
            if at(ink, place) >= found.faint {
                let above = place.wrapping_sub(width);
                let left = if x > 0 { at(labels, place - 1) } else { 0 };
                let corner = if y > 0 && x > 0 { at(labels, above - 1) } else { 0 };
                let up = if y > 0 { at(labels, above) } else { 0 };
                let right = if y > 0 && x + 1 < width { at(labels, above + 1) } else { 0 };
                for other in [left, corner, up, right].into_iter().filter(|other| *other > 0) {
                    let other = root(&parents, other);
                    if label > 0 {
                        set(&mut parents, usize::from(label.max(other)), label.min(other));
                    }
                    label = if label > 0 { label.min(other) } else { other };
                }
                if label == 0 {
                    if usize::from(next) >= MAX_LABELS {
                        return Err(Nothing::Crowded);
                    }
                    set(&mut parents, usize::from(next), next);
                    label = next;
                    next += 1;
                }
            }
            set(labels, place, label);
        }
    }
    // Which of them have sure ink; those are numbered.
    let mut numbers = [0_u16; MAX_LABELS];
    for (label, &level) in labels.iter_mut().zip(ink) {
        *label = root(&parents, *label);
        if *label > 0 && level >= found.sure {
            set(&mut numbers, usize::from(*label), 1);
        }
    }
    let mut regions = Regions::new();
    for number in numbers.iter_mut().filter(|number| **number == 1) {
        regions.push(Region::EMPTY).map_err(|_| Nothing::Crowded)?;
        *number = regions.len() as u16;
    }
    for (place, label) in labels.iter_mut().enumerate() {
        *label = at(&numbers, usize::from(*label));
        let Some(number) = usize::from(*label).checked_sub(1) else { continue };
        let Some(region) = regions.get_mut(number) else { continue };
        let (x, y) = (place % width.max(1), place / width.max(1));
        let is_border = x == 0 || y == 0 || x + 1 == width || y + 1 == size.height;
        *region = region.and(&Region {
            left: x,
            top: y,
            right: x + 1,
            bottom: y + 1,
            mass: at(ink, place).into(),
            at_border: is_border.into(),
        });
    }
    Ok(regions)
}

/// The least label that a label is equal to.
fn root(parents: &[u16], mut label: u16) -> u16 {
    // A parent is never greater than its child, so this ends.
    loop {
        let parent = at(parents, usize::from(label));
        if parent >= label {
            return label;
        }
        label = parent;
    }
}
