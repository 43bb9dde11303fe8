//! Synthetic digits are the same everywhere, and fit to train on.

use inkbit::data::synthetic::{OWN, Part, dataset, forms, images, parse, strangers};

/// SHA-256 of 500 training and 100 test digits of seed 1. Models trained on digits with another
/// checksum are not comparable: a change belongs in the changelog.
const DIGEST: &str = "c51d699d95e9d42d9b3b128a00d5e5b73f4b6e7232eeca7d9a036cd9e55840bc";

#[test]
fn the_same_seed_draws_the_same_digits_on_every_machine() {
    let digest: String =
        dataset(500, 100, 1).digest().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, DIGEST);
}

#[test]
fn seed_and_part_change_the_digits() {
    let train = images(Part::Train, 100, 1);
    assert_ne!(train, images(Part::Train, 100, 2));
    assert_ne!(train, images(Part::Test, 100, 1));
}

#[test]
fn how_many_digits_are_drawn_and_on_which_core_changes_none() {
    let all = images(Part::Train, 203, 7);
    let fewer = images(Part::Train, 57, 7);
    assert_eq!(fewer.labels, all.labels[..57]);
    assert_eq!(fewer.pixels, all.pixels[..57 * 28 * 28]);
    assert!(images(Part::Train, 0, 7).is_empty());
}

#[test]
fn every_ten_digits_hold_each_digit_once_and_in_a_random_order() {
    let labels = images(Part::Train, 1000, 3).labels;
    let mut orders: Vec<&[u8]> = labels.chunks(10).collect();
    for order in &orders {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    orders.sort_unstable();
    orders.dedup();
    assert!(orders.len() > 95, "only {} orders among 100", orders.len());
}

#[test]
fn no_two_digits_are_alike() {
    let digits = images(Part::Train, 2000, 4);
    let mut pixels: Vec<&[u8]> = digits.iter().map(|(image, _)| image).collect();
    pixels.sort_unstable();
    pixels.dedup();
    assert_eq!(pixels.len(), 2000);
}

/// As in MNIST: ink on a black background within 20 × 20 pixels, the centre of mass in the middle.
#[test]
fn digits_are_scaled_and_centred_as_in_mnist() {
    for (index, (image, label)) in images(Part::Train, 2000, 5).iter().enumerate() {
        let name = format!("image {index}, a {label}");
        let inked = |i: &usize| image[*i] >= 128;
        let rows: Vec<usize> = (0..784).filter(inked).map(|i| i / 28).collect();
        let columns: Vec<usize> = (0..784).filter(inked).map(|i| i % 28).collect();
        let extent =
            |lines: &[usize]| lines.iter().max().unwrap() + 1 - lines.iter().min().unwrap();
        let longer = extent(&rows).max(extent(&columns));
        assert!((17..=22).contains(&longer), "{name}: the longer side has {longer} pixels");

        let mass: f64 = image.iter().copied().map(f64::from).sum();
        let centre = |place: fn(usize) -> usize| {
            let sum: f64 = (0..784).map(|i| f64::from(image[i]) * (place(i) as f64 + 0.5)).sum();
            sum / mass
        };
        for at in [centre(|i| i / 28), centre(|i| i % 28)] {
            assert!((at - 14.0).abs() < 0.6, "{name}: the centre of mass lies at {at:.2}");
        }
    }
}

#[test]
fn every_digit_has_forms_and_those_of_other_countries_are_among_them() {
    let classes = parse(OWN).unwrap();
    let forms = forms(&classes, 3);
    for class in &classes {
        assert!(class.forms.len() >= 8, "{}", class.label);
    }
    for (digit, words) in [
        (0, "slash"),
        (1, "upstroke nearly as long as the stem"),
        (4, "Closed"),
        (7, "bar"),
        (8, "Open"),
        (9, "round tail"),
    ] {
        assert!(
            classes[digit].forms.iter().any(|form| form.name.contains(words)),
            "{digit} {words}"
        );
    }
    for (class, form, images) in forms {
        let (label, name) = (&class.label, &form.name);
        assert!(form.weight > 0 && name.ends_with('.'), "{label} {name}");
        assert_eq!(images.labels, [label.parse::<u8>().unwrap(); 3]);
        assert_ne!(images.image(0), images.image(1), "{label} {name}");
    }
}

#[test]
fn strangers_are_no_training_digits_and_write_every_form() {
    let data = strangers(300, 200);
    assert_eq!((data.train.len(), data.test.len(), data.name.as_str()), (300, 200, "strangers"));
    let usual = dataset(300, 200, 1);
    for part in [&data.train, &data.test] {
        assert!(part.iter().all(|(image, _)| usual.train.iter().all(|(other, _)| image != other)));
    }
    assert_eq!(strangers(300, 200).digest(), data.digest());
}
