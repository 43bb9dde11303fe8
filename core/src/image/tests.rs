extern crate std;

use std::vec;
use std::vec::Vec;

use super::*;

/// Rows of digits, each a tenth of full ink or so, separated by spaces.
fn drawn(picture: &str) -> Vec<u8> {
    picture.bytes().filter(u8::is_ascii_digit).map(|digit| 28 * (digit - b'0')).collect()
}

fn normalise(canvas: &[u8], width: usize, height: usize, out: &mut [u8], side: usize) {
    lay(canvas, width, height, out, Frame::mnist(side.try_into().unwrap_or(u16::MAX)));
}

fn normalised(canvas: &[u8], width: usize, side: usize) -> Vec<u8> {
    let mut out = vec![1; side * side];
    normalise(canvas, width, canvas.len().checked_div(width).unwrap_or(0), &mut out, side);
    out
}

#[test]
fn recentring_restores_a_moved_image() {
    let mut image = vec![0; 28 * 28];
    for (row, column) in [(7, 14), (12, 10), (14, 14), (15, 15), (20, 17)] {
        image[row * 28 + column] = 200;
    }
    assert_eq!(centre_of_mass(&image, 28), Some((14, 14)));
    for (down, right) in (-3..=3).flat_map(|down| (-3..=3).map(move |right| (down, right))) {
        let mut moved = image.clone();
        let by: i32 = down * 28 + right;
        moved.rotate_right(by.rem_euclid(784) as usize);
        let mut out = vec![9; 784];
        recentre(&moved, 28, &mut out);
        assert_eq!(out, image, "moved by {down}, {right}");
    }
}

#[test]
fn recentring_stops_before_ink_would_leave() {
    // The mass is at the left, and one faint pixel at the right edge holds it there.
    let image = drawn("00000 00000 90001 00000 00000");
    let mut out = vec![0; 25];
    recentre(&image, 5, &mut out);
    assert_eq!(out, image);
    let image = drawn("90000 90000 90010 00000 00000");
    recentre(&image, 5, &mut out);
    assert_eq!(out, drawn("00000 09000 09000 09001 00000"));
}

#[test]
fn divisions_of_any_size_are_exact() {
    let numbers = [1, 2, 3, 255, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 40) + 7, (1 << 62) - 1];
    for dividend in numbers {
        for divisor in numbers {
            assert_eq!(divide(dividend, divisor), dividend / divisor, "{dividend}/{divisor}");
        }
    }
}

#[test]
fn a_middle_between_two_pixels_is_the_later_one() {
    assert_eq!(centre_of_mass(&drawn("5500 5500"), 4), Some((1, 1)));
    assert_eq!(centre_of_mass(&drawn("0400 0500"), 4), Some((1, 1)));
    assert_eq!(centre_of_mass(&drawn("0500 0400"), 4), Some((0, 1)));
}

#[test]
fn a_picture_of_seventeen_million_rows_has_its_middle_where_it_is() {
    let mut pixels = vec![0; 17_000_000];
    pixels[16_999_998] = 255;
    assert_eq!(centre_of_mass(&pixels, 1), Some((16_999_998, 0)));
    assert_eq!(centre_of_mass(&pixels, usize::MAX), Some((0, 16_999_998)));
}

#[test]
fn no_ink_stays_no_ink_and_odd_sizes_do_no_harm() {
    assert_eq!(normalised(&[0; 64], 8, 28), vec![0; 784]);
    assert_eq!(normalised(&[], 0, 28), vec![0; 784]);
    for (width, height, side) in [(0, 3, 4), (3, 0, 4), (9, 9, 4), (4, 4, 0), (1, 16, 1)] {
        let mut out = [7; 17];
        normalise(&[255; 16], width, height, &mut out, side);
        recentre(&[255; 3], side, &mut out);
    }
    normalise(&[255; 16], usize::MAX, usize::MAX, &mut [0; 4], 2);
    normalise(&[255; 16], 4, 4, &mut [0; 3], usize::MAX);
    normalise(&[255; 16], 4, 4, &mut [], 28);
    assert_eq!(centre_of_mass(&[1, 2], 0), Some((1, 0)));
}

#[test]
fn ink_of_the_right_size_is_only_moved() {
    let mut canvas = vec![0; 28 * 28];
    for step in 0..20 {
        canvas[step * 28 + step] = 1 + 12 * step as u8;
    }
    let mut moved = vec![0; 28 * 28];
    recentre(&canvas, 28, &mut moved);
    assert_eq!(normalised(&canvas, 28, 28), moved);
    assert_ne!(canvas, moved);
}

#[test]
fn one_pixel_fills_the_box_and_is_strongest_in_its_middle() {
    let image = normalised(&[255], 1, 28);
    let peak = image.iter().max();
    for at in [13 * 28 + 13, 13 * 28 + 14, 14 * 28 + 13, 14 * 28 + 14] {
        assert_eq!(image.get(at), peak);
    }
    assert_eq!(Bounds::of(&image, 28).map(|ink| (ink.height(), ink.width())), Some((20, 20)));
}

#[test]
fn proportions_are_kept_and_lines_stay_lines() {
    for length in [1, 2, 19, 20, 21, 40, 64, 333] {
        let line = vec![255; length];
        let ink = Bounds::of(&normalised(&line, length, 28), 28).expect("ink");
        assert_eq!((ink.width(), ink.height()), (20, 20_usize.div_ceil(length)), "{length}");
        let ink = Bounds::of(&normalised(&line, 1, 28), 28).expect("ink");
        assert_eq!((ink.width(), ink.height()), (20_usize.div_ceil(length), 20), "{length}");
    }
}

#[test]
fn shrinking_by_a_whole_factor_is_the_mean_of_squares() {
    // 40 × 40 to 20 × 20 for an image of 28.
    let canvas: Vec<u8> = (0..1600_u32).map(|at| (at * 7919 % 251) as u8 + 1).collect();
    let image = normalised(&canvas, 40, 28);
    let ink = Bounds::of(&image, 28).expect("ink");
    for row in 0..20 {
        for column in 0..20 {
            let square = [0, 1, 40, 41].map(|at| u32::from(canvas[80 * row + 2 * column + at]));
            let mean = (square.iter().sum::<u32>() + 2) / 4;
            let found = image[(ink.top + row) * 28 + ink.left + column];
            assert_eq!(u32::from(found), mean, "{row}, {column}");
        }
    }
}

#[test]
fn shrinking_keeps_the_ink_and_full_ink_stays_full() {
    for (width, height) in [(21, 21), (33, 20), (64, 64), (57, 101)] {
        let image = normalised(&vec![255; width * height], width, 28);
        let inside = image.iter().filter(|&&ink| ink == 255).count();
        let longer = width.max(height);
        assert_eq!(inside, (20 * width / longer) * (20 * height / longer), "{width}x{height}");
    }
}

#[test]
fn other_sides_have_a_box_of_the_same_share() {
    for (side, longer) in [(1, 1), (2, 1), (12, 9), (14, 10), (16, 11), (28, 20), (112, 80)] {
        let ink = Bounds::of(&normalised(&[255; 50 * 50], 50, side), side).expect("ink");
        assert_eq!(ink.width(), longer, "side {side}");
    }
}

#[test]
fn where_the_ink_lies_on_the_canvas_makes_no_difference() {
    let digit = drawn("0990 0900 0990 0090 9990");
    let expected = normalised(&digit, 4, 28);
    for (top, left) in [(0, 0), (0, 20), (25, 0), (25, 20), (13, 7)] {
        let mut canvas = vec![0; 24 * 30];
        for (row, line) in digit.chunks(4).enumerate() {
            let start = (top + row) * 24 + left;
            canvas[start..start + 4].copy_from_slice(line);
        }
        assert_eq!(normalised(&canvas, 24, 28), expected, "at {top}, {left}");
    }
}

#[test]
fn every_layout_fills_its_part_of_a_frame_of_any_proportions() {
    // A bar of 4 × 2 pixels on a canvas of 12 × 12.
    let mut canvas = vec![0; 144];
    for (row, column) in (0..2).flat_map(|row| (0..4).map(move |column| (row, column))) {
        canvas[(5 + row) * 12 + 1 + column] = 255;
    }
    for (width, height) in [(24, 24), (24, 12), (12, 30), (6, 6)] {
        let laid = |layout| {
            let frame = Frame { width, height, layout };
            let mut out = vec![9; frame.pixels()];
            lay(&canvas, 12, 12, &mut out, frame);
            Bounds::of(&out, width.into()).expect("ink")
        };
        let (wide, high) = (usize::from(width), usize::from(height));
        let whole = laid(Layout::AsItIs);
        // Smoothing spreads ink by less than a pixel of the canvas.
        let near = |found: usize, expected: usize, by: usize| found.abs_diff(expected) <= by;
        assert!(near(whole.width(), 4 * wide / 12, 1 + wide / 12), "{whole:?}");
        assert!(near(whole.left, wide / 12, 1 + wide / 12), "{whole:?}");
        let fitted = laid(Layout::Fitted);
        assert!(fitted.width() == wide || fitted.height() == high, "{fitted:?}");
        assert!(near(fitted.height(), fitted.width() / 2, 1), "{fitted:?}");
        assert!(near(fitted.left, wide - 1 - fitted.right, 1), "{fitted:?}");
        assert!(near(fitted.top, high - 1 - fitted.bottom, 1), "{fitted:?}");
        let centred = laid(Layout::Centred { ink: 6 });
        assert_eq!((centred.width(), centred.height()), (6, 3));
        assert!(near(centred.left, wide - 1 - centred.right, 1), "{centred:?}");
    }
}
