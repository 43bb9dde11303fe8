//! The finder in a browser's module finds what it finds on the host.

use inkbit::data::picture::{Wanted, find};
use inkbit_core::{Frame, Layout};
use inkbit_tests::devices::digits;
use inkbit_tests::finder::{self, MODULE};
use inkbit_tests::module::imports;
use inkbit_tests::pictures::{Condition, draw};

#[test]
fn the_module_finds_the_same_digits_as_the_host() {
    let images = digits(40);
    let digits: Vec<_> = (0..40).map(|index| (images.labels[index], images.image(index))).collect();
    for condition in Condition::ALL {
        let grey = draw(condition, 3, &digits).grey;
        for (ink, layout) in [(20, Layout::mnist(28)), (0, Layout::Fitted)] {
            let frame = Frame { layout, ..Frame::mnist(28) };
            let expected = find(&grey, frame, Wanted::All).expect("digits");
            let found = finder::find(grey.as_raw(), grey.width(), grey.height(), ink);
            assert_eq!(found, expected, "{}", condition.name());
        }
    }
}

#[test]
fn the_module_finds_nothing_on_what_is_blank_or_has_no_pixels() {
    assert_eq!(finder::find(&[200; 600], 30, 20, 20), []);
    assert_eq!(finder::find(&[], 0, 20, 20), []);
}

#[test]
fn the_module_of_the_finder_asks_for_nothing_and_so_has_no_panic_in_it() {
    assert_eq!(imports(MODULE), [""; 0], "where it can panic it would call `page.panicked`");
    assert!(MODULE.len() < 28 << 10, "{} bytes", MODULE.len());
}
