//! Images that are in each of several sets.

use std::collections::HashSet;

use crate::data::Images;

/// The images of the first set that are in all others too, pixel by pixel, in its order and with its labels:
/// of what each training held out, what none of them has seen. There are none if a set has other shapes.
///
/// ```
/// use inkbit::cascade::common;
/// use inkbit::data::synthetic::{Part, images};
/// let all = images(Part::Test, 20, 1);
/// let [some, others] = [all.chosen(&[1, 2, 3]), all.chosen(&[3, 4, 1])];
/// assert_eq!(common(&some, &[others]), all.chosen(&[1, 3]));
/// ```
pub fn common(first: &Images, others: &[Images]) -> Images {
    let others: Vec<HashSet<&[u8]>> =
        others.iter().map(|set| set.iter().map(|(pixels, _)| pixels).collect()).collect();
    let is_in_all = |index: &u32| {
        let image = first.image(*index as usize);
        others.iter().all(|set| set.contains(image))
    };
    let indices: Vec<u32> = (0..first.len() as u32).filter(is_in_all).collect();
    first.chosen(&indices)
}
