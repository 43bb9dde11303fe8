//! Where a model is read from: flash, or a copy in RAM.

use std::collections::VecDeque;

use inkbit_app::{App, Clock};
use inkbit_core::link::Mode;

use super::rig::{REGION, app_on, likeness, region};

/// A clock by which the inferences that are timed take so long, one after the other.
struct Inferences {
    durations: VecDeque<u64>,
    now: u64,
    timing: bool,
}

impl Inferences {
    fn taking(durations: &[u64]) -> Self {
        Self { durations: durations.iter().copied().collect(), now: 0, timing: false }
    }
}

impl Clock for Inferences {
    fn nanoseconds(&mut self) -> u64 {
        self.timing = !self.timing;
        if !self.timing {
            self.now += self.durations.pop_front().expect("no more inferences than durations");
        }
        self.now
    }
}

pub(crate) fn ram(bytes: usize) -> &'static mut [u8] {
    let words = vec![0_u64; bytes.div_ceil(8)].leak();
    &mut bytemuck::cast_slice_mut::<_, u8>(words)[..bytes]
}

/// Whether a copy in RAM is in use, after four inferences of such durations: two of each kind, the
/// first of which fill caches.
pub(crate) fn in_ram(app: &mut App<'static>, ram: &'static mut [u8], durations: &[u64]) -> bool {
    let mut clock = Inferences::taking(durations);
    app.prefer_ram(ram, &mut clock);
    assert!(clock.durations.is_empty(), "every inference was made");
    app.status().in_ram
}

fn whole(model: &[u8]) -> usize {
    model.len().next_multiple_of(8)
}

#[test]
fn a_copy_that_is_faster_by_more_than_a_tenth_is_used() {
    let model = likeness();
    for (durations, expected) in [
        ([5000, 1000, 1000, 899], true),
        ([5000, 1000, 1000, 900], false),
        ([5000, 1000, 1000, 1000], false),
        ([1000, 300, 1000, 1000], false),
    ] {
        let mut app = app_on(region(&model));
        let found = in_ram(&mut app, ram(whole(&model)), &durations);
        assert_eq!(found, expected, "{durations:?}");
    }
}

#[test]
fn a_model_that_does_not_fit_stays_in_flash() {
    let model = likeness();
    let mut app = app_on(region(&model));
    assert!(!in_ram(&mut app, ram(model.len() - 1), &[]));
    let mut blank = app_on(region(&[]));
    assert!(!in_ram(&mut blank, ram(REGION), &[]));
}

#[test]
fn the_app_is_as_at_the_start_and_answers_alike_from_either_place() {
    let model = likeness();
    let mut apps = [app_on(region(&model)), app_on(region(&model))];
    assert!(in_ram(&mut apps[0], ram(REGION), &[9, 9, 9, 1]));
    let image: Vec<u8> = (0..784).map(|pixel| (pixel * 7 % 256) as u8).collect();
    let mut answers = apps.iter_mut().map(|app| {
        assert_eq!((app.status().mode, app.status().class), (Mode::Draw, None));
        let fill = |pixels: &mut [u8]| {
            pixels.iter_mut().zip(&image).for_each(|(pixel, &given)| *pixel = given);
            image.len()
        };
        let (_, logits) = app.classify(1, &mut Inferences::taking(&[1]), fill).unwrap();
        logits.to_vec()
    });
    assert_eq!(answers.next(), answers.next());
}
