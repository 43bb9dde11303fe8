//! What is odd about images, found by counting: values, borders, blank and repeated images, classes
//! of very different sizes, ink that lies otherwise than MNIST's.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::{Dataset, Images, Shape};
use crate::support::numbers::{counted, grouped};

/// Images of fewer bytes may be alike by chance.
const TELLING: usize = 12 * 12;
/// The least ratio of two classes' numbers of images that is odd.
const UNEVEN: usize = 10;
/// The side length of MNIST's images, and the greatest extent of the ink in them.
const MNIST: (usize, f64) = (28, 20.0);
/// Pixels from which a value counts as ink or bright.
const BRIGHT: u8 = 128;

/// Something odd, with what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// One line.
    pub text: String,
    /// Whether a training says it, too.
    pub is_serious: bool,
}

impl Oddity {
    /// One that a training says, too.
    pub fn serious(text: String) -> Self {
        Self { text, is_serious: true }
    }

    fn slight(text: String) -> Self {
        Self { text, is_serious: false }
    }
}

/// The least and the greatest value of pixels or features; none of no images.
pub fn range(images: &Images) -> Option<(i16, i16)> {
    let values = || images.iter().flat_map(|(image, _)| images.shape.values(image));
    Some((values().min()?, values().max()?))
}

/// The number of images of each class.
pub fn counts(images: &Images, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in &images.labels {
        if let Some(count) = counts.get_mut(usize::from(label)) {
            *count += 1;
        }
    }
    counts
}

/// All that is odd about data.
pub fn oddities(data: &Dataset) -> Vec<Oddity> {
    let all = [&data.train, &data.test];
    let whole = if data.train.is_empty() { &data.test } else { &data.train };
    let borders = borders(whole);
    // Of ink on a bright background its place would say nothing.
    let placed = if borders.is_none() { placed(whole) } else { None };
    let found = [
        values(all),
        borders,
        blank(all),
        repeated(&data.train),
        constant(&data.train),
        shared(&data.train, &data.test),
        uneven(&data.train, &data.classes),
        placed,
    ];
    found.into_iter().flatten().collect()
}

fn values(all: [&Images; 2]) -> Option<Oddity> {
    if all.iter().any(|images| images.shape.is_features()) {
        return None;
    }
    let greatest = all.iter().filter_map(|images| range(images)).map(|(_, most)| most).max()?;
    let most = match greatest {
        1 => 1,
        2..=16 => 16,
        _ => return None,
    };
    Some(Oddity::serious(format!(
        "the greatest pixel value is {greatest}, expected about 255: scale the values with \
         --max-value {most}"
    )))
}

fn borders(images: &Images) -> Option<Oddity> {
    let Shape::Image { width, height } = images.shape else { return None };
    let is_border = |place: usize| {
        let (row, column) = (place / width, place % width);
        row == 0 || column == 0 || row + 1 == height || column + 1 == width
    };
    let is_bright = |image: &[u8]| {
        let (mut bright, mut all) = (0, 0);
        for (_, &value) in image.iter().enumerate().filter(|(place, _)| is_border(*place)) {
            all += 1;
            bright += usize::from(value >= BRIGHT);
        }
        4 * bright >= 3 * all
    };
    let bright = images.iter().filter(|(image, _)| is_bright(image)).count();
    (2 * bright > images.len()).then(|| {
        Oddity::serious(format!(
            "{} of {} images have bright borders, but 0 is the background: if they are dark on \
             light, give --invert, or leave it out if it was given",
            grouped(bright),
            grouped(images.len())
        ))
    })
}

fn blank(all: [&Images; 2]) -> Option<Oddity> {
    if all.iter().all(|images| images.shape.bytes() < 4) {
        return None;
    }
    let images = all.into_iter().flat_map(Images::iter);
    let is_blank = |image: &[u8]| image.iter().all(|value| *value == image[0]);
    let blank = images.filter(|(image, _)| is_blank(image)).count();
    let total = all[0].len() + all[1].len();
    (blank > 0).then(|| {
        let blank = counted(blank, "image is", "images are");
        Oddity::serious(format!("{blank} of one value, of {}: remove them", grouped(total)))
    })
}

fn hash(image: &[u8]) -> [u8; 32] {
    Sha256::digest(image).into()
}

/// Features that have one value in all training samples.
fn constant(train: &Images) -> Option<Oddity> {
    let Shape::Features { ranges, count, .. } = &train.shape else { return None };
    let constant = ranges.iter().filter(|range| range.multiplier == 0).count();
    (constant > 0 && !train.is_empty()).then(|| {
        let features = counted(constant, "feature has", "features have");
        Oddity::slight(format!(
            "{features} the same value in all training samples, of {count}: they tell nothing"
        ))
    })
}

fn repeated(train: &Images) -> Option<Oddity> {
    if train.shape.bytes() < TELLING {
        return None;
    }
    let mut labels: HashMap<[u8; 32], usize> = HashMap::new();
    let (mut repeated, mut contrary) = (0, 0);
    for (image, label) in train.iter() {
        match labels.insert(hash(image), label) {
            Some(other) if other != label => contrary += 1,
            Some(_) => repeated += 1,
            None => {}
        }
    }
    if contrary > 0 {
        let images = counted(contrary, "training image is", "training images are");
        return Some(Oddity::slight(format!(
            "{images} the same as another of another class: check the labels"
        )));
    }
    (repeated > 0).then(|| {
        let images = counted(repeated, "training image is", "training images are");
        Oddity::slight(format!(
            "{images} the same as another one: the network sees them more often"
        ))
    })
}

fn shared(train: &Images, test: &Images) -> Option<Oddity> {
    if test.is_empty() || train.shape.bytes() < TELLING && !train.shape.is_features() {
        return None;
    }
    let known: HashSet<[u8; 32]> = train.iter().map(|(image, _)| hash(image)).collect();
    let shared = test.iter().filter(|(image, _)| known.contains(&hash(image))).count();
    let text = format!(
        "{} of {} test images are among the training images: the accuracy on them says nothing; \
         remove them from one part",
        grouped(shared),
        grouped(test.len())
    );
    match shared {
        0 => None,
        // Few small ones may be alike by chance.
        some if train.shape.bytes() < TELLING && 2 * some < test.len() => None,
        some if 100 * some >= test.len() => Some(Oddity::serious(text)),
        _ => Some(Oddity::slight(text)),
    }
}

fn uneven(train: &Images, classes: &[String]) -> Option<Oddity> {
    let counts = counts(train, classes.len());
    let filled = || counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let (least, fewest) = filled().min_by_key(|(_, count)| **count)?;
    let (most, greatest) = filled().rev().max_by_key(|(_, count)| **count)?;
    (greatest / fewest > UNEVEN).then(|| {
        Oddity::serious(format!(
            "the classes are uneven: {} has {}, {} has {}; add images of the rare ones",
            classes[least],
            counted(*fewest, "training image", "training images"),
            classes[most],
            grouped(*greatest),
        ))
    })
}

/// The longer side of the box around the ink, and how far the ink's centre is from the image's; none
/// without ink.
fn place(image: &[u8], side: usize) -> Option<(f64, f64)> {
    let inked = || image.iter().enumerate().filter(|(_, value)| **value >= BRIGHT / 2);
    let (rows, columns) =
        (|| inked().map(|(place, _)| place / side), || inked().map(|(place, _)| place % side));
    let height = rows().max()? - rows().min()? + 1;
    let width = columns().max()? - columns().min()? + 1;
    let (mut mass, mut x, mut y) = (0.0, 0.0, 0.0);
    for (place, &value) in image.iter().enumerate() {
        let value = f64::from(value);
        mass += value;
        x += value * ((place % side) as f64 + 0.5);
        y += value * ((place / side) as f64 + 0.5);
    }
    let middle = side as f64 / 2.0;
    Some((height.max(width) as f64, (x / mass - middle).hypot(y / mass - middle)))
}

fn placed(images: &Images) -> Option<Oddity> {
    let (side, expected) = MNIST;
    if images.shape.side() != Some(side) || images.len() < 10 {
        return None;
    }
    let mut places: Vec<(f64, f64)> =
        images.iter().filter_map(|(image, _)| place(image, side)).collect();
    let middle = places.len() / 2;
    if places.is_empty() {
        return None;
    }
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let extent = places[middle].0;
    places.sort_by(|a, b| a.1.total_cmp(&b.1));
    let distance = places[middle].1;
    let lies = if distance > 2.0 {
        format!("lies {distance:.1} pixels off the centre")
    } else if (extent - expected).abs() > 3.0 {
        format!("is {extent:.0} pixels long, MNIST's {expected:.0}")
    } else {
        return None;
    };
    Some(Oddity::slight(format!(
        "the ink of an image {lies} at the median, but a device and `inkbit predict` lay drawings \
         and pictures out as MNIST is, 20 pixels long and centred: give pictures in a folder for \
         each class, without --as-is, which are laid out so, too"
    )))
}
