//! Products of a matrix that is mostly zeros and one that is not.

use std::ops::Range;

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

/// Columns that are summed at a time: the sums stay in registers.
const LANES: usize = 128;
/// Rows that are used at a time: so many columns of them stay in the first-level cache.
const TILE: usize = 32;
/// Rows of a product that are summed for one tile after the other: they stay in the second-level cache.
const ROWS: usize = 256;
/// Pixels that are looked at together: most of an image is empty.
const PART: usize = 8;

/// The numbers of a matrix that are not zero, row after row.
pub(super) struct Sparse {
    rows: usize,
    columns: usize,
    /// Where the entries of each row begin that are in the same tile of columns, and the end of the last.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    column: u32,
    value: f32,
}

impl Sparse {
    /// Those of pixels / 255, row after row of `columns`.
    pub(super) fn new(pixels: &[u8], columns: usize) -> Self {
        let rows = pixels.len() / columns;
        let mut entries = vec![Entry::default(); pixels.len()];
        let mut starts = Vec::with_capacity(rows * columns.div_ceil(TILE) + 1);
        let mut end = 0;
        for row in pixels.chunks_exact(columns) {
            for (tile, pixels) in row.chunks(TILE).enumerate() {
                starts.push(end as u32);
                for (part, pixels) in pixels.chunks(PART).enumerate() {
                    if pixels.iter().fold(0, |any, pixel| any | pixel) == 0 {
                        continue;
                    }
                    let first = tile * TILE + part * PART;
                    for (column, &pixel) in (first as u32..).zip(pixels) {
                        // Without a branch, which no processor foresees.
                        entries[end] = Entry { column, value: f32::from(pixel) / 255.0 };
                        end += usize::from(pixel != 0);
                    }
                }
            }
        }
        starts.push(end as u32);
        entries.truncate(end);
        Self { rows, columns, starts, entries }
    }

    /// Rows and columns exchanged.
    pub(super) fn transposed(&self) -> Self {
        let tiles = self.rows.div_ceil(TILE);
        let mut starts = vec![0; self.columns * tiles + 1];
        let each = || {
            let of_row = |row: usize| self.starts[row * self.columns.div_ceil(TILE)] as usize;
            (0..self.rows).map(move |row| (row, &self.entries[of_row(row)..of_row(row + 1)]))
        };
        for (row, entries) in each() {
            for entry in entries {
                starts[entry.column as usize * tiles + row / TILE + 1] += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut ends = starts.clone();
        let mut entries = vec![Entry::default(); self.entries.len()];
        for (row, from) in each() {
            for &Entry { column, value } in from {
                let end = &mut ends[column as usize * tiles + row / TILE];
                entries[*end as usize] = Entry { column: row as u32, value };
                *end += 1;
            }
        }
        Self { rows: self.columns, columns: self.rows, starts, entries }
    }

    /// The product of some of the rows with a matrix of rows of this width, of which there are as many as columns,
    /// row after row.
    ///
    /// Each sum is added up in the order of the columns, so that rows shared among any number of cores and
    /// registers of any width give the same bits; processors that round product and sum at once give others.
    pub(super) fn times(&self, rows: Range<usize>, matrix: &[f32], width: usize) -> Vec<f32> {
        let tiles = self.columns.div_ceil(TILE);
        let mut product = vec![0.0; rows.len() * width];
        for (part, sums) in product.chunks_mut(ROWS * width).enumerate() {
            let starts = &self.starts[(rows.start + part * ROWS) * tiles..];
            add(&self.entries, starts, tiles, matrix, width, sums);
        }
        product
    }
}

/// Adds the products of rows that begin with `starts`, which have this many tiles each.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn add(
    entries: &[Entry],
    starts: &[u32],
    tiles: usize,
    matrix: &[f32],
    width: usize,
    sums: &mut [f32],
) {
    const FUSED: bool = cfg!(target_arch = "aarch64")
        || target_cfg_f!(any(target_feature = "fma", target_feature = "avx512f"));
    let (mut at, matrix) = (0, Matrix { values: matrix, width });
    while at + LANES <= width {
        add_columns::<LANES, FUSED>(entries, starts, tiles, matrix, at, sums);
        at += LANES;
    }
    while at + 8 <= width {
        add_columns::<8, FUSED>(entries, starts, tiles, matrix, at, sums);
        at += 8;
    }
    while at < width {
        add_columns::<1, FUSED>(entries, starts, tiles, matrix, at, sums);
        at += 1;
    }
}

#[derive(Clone, Copy)]
struct Matrix<'m> {
    values: &'m [f32],
    width: usize,
}

/// The same of N columns from `at` on, with or without one rounding for product and sum.
#[inline(always)]
fn add_columns<const N: usize, const FUSED: bool>(
    entries: &[Entry],
    starts: &[u32],
    tiles: usize,
    Matrix { values, width }: Matrix<'_>,
    at: usize,
    sums: &mut [f32],
) {
    for (tile, rows) in values.chunks(TILE * width).enumerate() {
        for (row, sums) in sums.chunks_exact_mut(width).enumerate() {
            let start = row * tiles + tile;
            let Some(sums) = sums[at..].first_chunk_mut::<N>() else { return };
            let mut all = *sums;
            for entry in &entries[starts[start] as usize..starts[start + 1] as usize] {
                let row = entry.column as usize % TILE * width + at;
                let Some(values) = rows[row..].first_chunk::<N>() else { return };
                for (sum, &value) in all.iter_mut().zip(values) {
                    *sum = if FUSED {
                        entry.value.mul_add(value, *sum)
                    } else {
                        entry.value * value + *sum
                    };
                }
            }
            *sums = all;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::rng::Rng;

    #[test]
    fn products_are_those_of_all_numbers_added_in_order() {
        let mut rng = Rng::new(1, &[]);
        for (rows, columns, width, one_in) in
            [(1, 1, 1, 1), (3, 5, 9, 2), (7, 100, 130, 4), (300, 33, 256, 5), (2, 64, 139, 1000)]
        {
            let mut pixels = vec![0; rows * columns];
            pixels.fill_with(|| if rng.below(one_in) == 0 { rng.bits() as u8 } else { 0 });
            let mut some = |count| -> Vec<f32> { (0..count).map(|_| rng.unit() - 0.5).collect() };
            let (matrix, others) = (some(columns * width), some(rows * width));
            // With one rounding for product and sum, and with two.
            let expected = [f32::mul_add, |value, factor, sum| value * factor + sum].map(
                |add: fn(f32, f32, f32) -> f32| {
                    let mut product = vec![0.0_f32; rows * width];
                    let mut transposed = vec![0.0_f32; columns * width];
                    for (at, &pixel) in pixels.iter().enumerate() {
                        let (row, column, value) =
                            (at / columns, at % columns, f32::from(pixel) / 255.0);
                        for at in 0..width {
                            let sum = &mut product[row * width + at];
                            *sum = add(value, matrix[column * width + at], *sum);
                            let sum = &mut transposed[column * width + at];
                            *sum = add(value, others[row * width + at], *sum);
                        }
                    }
                    [product, transposed]
                },
            );
            let (sparse, middle) = (Sparse::new(&pixels, columns), rows / 2);
            let transposed = sparse.transposed().times(0..columns, &others, width);
            let found = [sparse.times(0..rows, &matrix, width), transposed];
            assert!(expected.contains(&found), "{rows} {columns} {width}");
            assert_eq!(sparse.times(middle..rows, &matrix, width), found[0][middle * width..]);
        }
    }
}
