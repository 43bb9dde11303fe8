//! Centring never cuts ink off, whichever edge it touches.

use inkbit_core::image::{centre_of_mass, recentre};

/// The sum of an image, and where its ink begins and ends.
fn ink(image: &[u8], side: usize) -> (u32, [usize; 4]) {
    let places = || (0..image.len()).filter(|&at| image[at] > 0);
    let rows = || places().map(|at| at / side);
    let columns = || places().map(|at| at % side);
    let edges = [rows().min(), rows().max(), columns().min(), columns().max()];
    (image.iter().copied().map(u32::from).sum(), edges.map(Option::unwrap))
}

#[test]
fn ink_at_an_edge_stays_in_the_image_however_heavy_the_other_side_is() {
    const SIDE: usize = 7;
    // A heavy pixel, and a light one at each place around it.
    for heavy in 0..SIDE * SIDE {
        for light in (0..SIDE * SIDE).filter(|&light| light != heavy) {
            let mut image = [0; SIDE * SIDE];
            (image[heavy], image[light]) = (255, 1);
            let mut out = [9; SIDE * SIDE];
            recentre(&image, SIDE, &mut out);
            let ((mass, before), (moved, after)) = (ink(&image, SIDE), ink(&out, SIDE));
            assert_eq!(moved, mass, "{heavy}, {light}: ink was cut off");
            let [top, bottom, left, right] = before;
            let extent = [bottom - top, right - left];
            assert_eq!([after[1] - after[0], after[3] - after[2]], extent, "{heavy}, {light}");
            // As near to the middle as its edges let it.
            let (row, column) = centre_of_mass(&image, SIDE).unwrap();
            let wanted = [row, column].map(|centre| SIDE as isize / 2 - centre as isize);
            let room = [(top, bottom), (left, right)]
                .map(|(first, last)| (-(first as isize), (SIDE - 1 - last) as isize));
            let expected = [0, 1].map(|axis| wanted[axis].clamp(room[axis].0, room[axis].1));
            let move_of = |axis: usize| after[2 * axis] as isize - before[2 * axis] as isize;
            assert_eq!([move_of(0), move_of(1)], expected, "{heavy}, {light}");
        }
    }
    assert_eq!(centre_of_mass(&[0; 9], 3), None);
}
