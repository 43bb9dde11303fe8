//! Makes strokes thicker or thinner.

/// Moves outlines out by a fraction of a pixel from -1 to 1: a greyscale dilation, or below 0 an
/// erosion, by a cross of five pixels, blended with the image. Beyond the image nothing is nearer.
///
/// # Panics
///
/// If `from` or `to` does not have `side × side` pixels.
pub fn move_out(side: usize, fraction: f32, from: &[u8], to: &mut [u8]) {
    assert_eq!((from.len(), to.len()), (side * side, side * side), "pixels of images");
    let (pick, outside): (fn(u8, u8) -> u8, u8) =
        if fraction < 0.0 { (u8::min, 255) } else { (u8::max, 0) };
    for (place, to) in to.iter_mut().enumerate() {
        let (row, column) = (place / side, place % side);
        let at = |inside: bool, neighbour: usize| if inside { from[neighbour] } else { outside };
        let neighbours = [
            at(row > 0, place.wrapping_sub(side)),
            at(row + 1 < side, place + side),
            at(column > 0, place.wrapping_sub(1)),
            at(column + 1 < side, place + 1),
        ];
        let picked = f32::from(neighbours.into_iter().fold(from[place], pick));
        let own = f32::from(from[place]);
        *to = (own + fraction.abs() * (picked - own)).round() as u8;
    }
}
