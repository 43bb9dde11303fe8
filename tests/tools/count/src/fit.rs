//! Fits the terms of an estimate of instructions to counts.

use std::collections::BTreeMap;

use inkbit::device::Board;
use inkbit::device::fit::{Blocks, Fit, Terms};
use inkbit::model::activity::{Activity, LayerActivity, StageActivity};
use inkbit_core::WeightBits;

use crate::entry::Entry;

/// The kernel that is flashed, which estimates are for.
const KERNEL: &str = "default";

/// Residuals are relative to the count plus this, so that small counts matter less.
const SMALL: f64 = 1000.0;

/// An equation: the number of each term, and the instructions that they take together.
type Equation = ([f64; Terms::KINDS], f64);

/// A fit for each processor with counts, ordered by name.
pub fn fits(entries: &[Entry]) -> Vec<Fit> {
    let mut processors: BTreeMap<String, Vec<Sample<'_>>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.kernel == KERNEL) {
        if let (Some(activity), Ok(board)) = (activity(entry), Board::find(&entry.board)) {
            processors.entry(board.cpu).or_default().push(Sample { entry, activity });
        }
    }
    processors.into_iter().map(|(cpu, samples)| fit(cpu, &samples)).collect()
}

/// Relative error of the estimate for an entry; none if the entry has other widths of weights.
pub fn error(fit: &Fit, entry: &Entry) -> Option<f64> {
    activity(entry).map(|activity| fit.estimate(&activity) / entry.mean - 1.0)
}

/// A count and the work that it measured.
struct Sample<'e> {
    entry: &'e Entry,
    activity: Activity,
}

fn activity(entry: &Entry) -> Option<Activity> {
    let layers = entry.widths.windows(2).zip(&entry.bits).zip(&entry.nonzero);
    let layer = |((widths, &bits), nonzero): ((&[usize], &usize), &f64)| {
        Some(LayerActivity {
            inputs: widths[0],
            outputs: widths[1],
            bits: WeightBits::from_bits(bits as u8)?,
            non_zero: nonzero / widths[0] as f64,
            saturated: 0.0,
        })
    };
    let layers = layers.map(layer).collect::<Option<_>>()?;
    let stages = vec![StageActivity { asked: 1.0, input: entry.input, layers }];
    Some(Activity { is_features: false, stages })
}

/// The best fit over all numbers of blocks that the kernel may take at once.
fn fit(cpu: String, samples: &[Sample<'_>]) -> Fit {
    let number = |choice: usize, bit: usize| 1 + (choice >> bit & 1);
    let mut best: Option<(f64, Blocks, Terms)> = None;
    for choice in 0..8 {
        let blocks = Blocks {
            bits_8: number(choice, 0),
            bits_4: number(choice, 1),
            bits_2: number(choice, 2),
        };
        let equations: Vec<Equation> =
            samples.iter().flat_map(|sample| sample.equations(blocks)).collect();
        let found = least_squares(&equations);
        let residual = residual(&equations, &found);
        // Of equally good fits the first, with the fewest blocks at once.
        if best.as_ref().is_none_or(|(least, ..)| residual < 0.999 * least) {
            let hundredths = found.map(|number| (number * 100.0).round() / 100.0);
            best = Some((residual, blocks, Terms::from_array(hundredths)));
        }
    }
    let (_, blocks, instructions) = best.expect("there is a choice");
    let mut fit = Fit { cpu, greatest_error: 0.0, blocks, instructions };
    let errors = samples.iter().filter_map(|sample| error(&fit, sample.entry));
    let greatest = errors.map(f64::abs).fold(0.0, f64::max);
    fit.greatest_error = (greatest * 1000.0).ceil() / 1000.0;
    fit
}

impl Sample<'_> {
    /// One for the time before the layers, and one for each layer.
    fn equations(&self, blocks: Blocks) -> Vec<Equation> {
        let StageActivity { input, layers, .. } = &self.activity.stages[0];
        let layer = |(number, layer): (usize, &LayerActivity)| {
            Terms::of_layer(layer, number + 1 == layers.len(), blocks).array()
        };
        let terms = [Terms::of_input(*input).array()]
            .into_iter()
            .chain(layers.iter().enumerate().map(layer));
        terms.zip(self.entry.layers.iter().copied()).collect()
    }
}

fn weight(count: f64) -> f64 {
    (count + SMALL).powi(-2)
}

fn residual(equations: &[Equation], costs: &[f64; Terms::KINDS]) -> f64 {
    let square = |(terms, count): &Equation| {
        let estimate: f64 = terms.iter().zip(costs).map(|(term, cost)| term * cost).sum();
        (estimate - count).powi(2) * weight(*count)
    };
    equations.iter().map(square).sum()
}

/// The costs with the least weighted squares, by the normal equations; 0 for a term that does not
/// occur.
fn least_squares(equations: &[Equation]) -> [f64; Terms::KINDS] {
    const N: usize = Terms::KINDS;
    let mut rows = [[0.0; N + 1]; N];
    for (terms, count) in equations {
        for (row, term) in rows.iter_mut().zip(terms) {
            for (cell, other) in row.iter_mut().zip(terms.iter().chain([count])) {
                *cell += term * other * weight(*count);
            }
        }
    }
    // Gauss–Jordan elimination. The matrix is positive semidefinite, so it needs no pivoting.
    for pivot in 0..N {
        let whole = rows[pivot];
        if whole[pivot].abs() < 1e-12 {
            continue;
        }
        for (_, row) in rows.iter_mut().enumerate().filter(|(number, _)| *number != pivot) {
            let share = row[pivot] / whole[pivot];
            row.iter_mut().zip(&whole).for_each(|(cell, part)| *cell -= share * part);
        }
    }
    std::array::from_fn(|number| {
        let row = &rows[number];
        if row[number].abs() < 1e-12 { 0.0 } else { row[N] / row[number] }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use inkbit_core::Input;

    use super::*;
    use crate::entry::Committed;

    const COSTS: [f64; Terms::KINDS] = [3.0, 30.0, 16.0, 20.0, 10.0, 12.0, 22.0, 15.0, 350.0];

    /// The count of a processor with [`COSTS`] that takes two blocks of 8-bit weights at once.
    fn entry(input: Input, widths: &[usize], bits: usize) -> Entry {
        let nonzero: Vec<f64> = widths.iter().map(|width| (*width as f64 / 3.0).ceil()).collect();
        let mut entry = Entry {
            model: format!("{widths:?}"),
            crc: String::new(),
            board: "microbit".to_owned(),
            kernel: KERNEL.to_owned(),
            images: "20 synthetic".to_owned(),
            input,
            widths: widths.to_vec(),
            bits: vec![bits; widths.len() - 1],
            nonzero,
            mean: 0.0,
            least: 0,
            most: 0,
            all_ink: 0,
            parts: Vec::new(),
            layers: Vec::new(),
        };
        let blocks = Blocks { bits_8: 2, bits_4: 1, bits_2: 1 };
        let mut sample = Sample { activity: activity(&entry).unwrap(), entry: &entry };
        let one = |terms: &[f64; Terms::KINDS]| terms.iter().zip(COSTS).map(|(a, b)| a * b).sum();
        let unknown = vec![0.0; widths.len()];
        let known = Entry { layers: unknown, ..entry.clone() };
        sample.entry = &known;
        let layers: Vec<f64> =
            sample.equations(blocks).iter().map(|(terms, _)| one(terms)).collect();
        entry.mean = layers.iter().sum();
        entry.layers = layers;
        entry
    }

    #[test]
    fn the_costs_that_made_the_counts_are_found_again() {
        let pooled = Input::square(28, 0, 2);
        let entries = [
            entry(Input::full(28), &[784, 256, 128, 10], 8),
            entry(Input::square(28, 0, 4), &[49, 24, 10], 8),
            entry(Input::square(28, 4, 1), &[400, 20, 12], 2),
            entry(pooled, &[196, 72, 56, 10], 4),
            entry(pooled, &[196, 48, 40, 32, 10], 2),
        ];
        let fits = fits(&entries);
        let [fit] = &fits[..] else { panic!("{fits:?}") };
        assert_eq!(fit.cpu, "Cortex-M0");
        assert_eq!(fit.blocks, Blocks { bits_8: 2, bits_4: 1, bits_2: 1 });
        for (found, cost) in fit.instructions.array().iter().zip(COSTS) {
            assert!((found - cost).abs() < 0.02, "{:?}", fit.instructions);
        }
        assert!(fit.greatest_error < 0.002, "{}", fit.greatest_error);
        assert!(error(fit, &entries[3]).unwrap().abs() < 0.001);
    }

    #[test]
    fn the_committed_estimates_are_within_five_percent_of_the_committed_counts() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../host/models/counts.toml");
        let mut committed = Committed::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        let anew = fits(&committed.counts);
        // For a change of the terms, without a new count.
        if std::env::var_os("INKBIT_BLESS").is_some() {
            committed.fits.clone_from(&anew);
            fs::write(&file, committed.text()).unwrap();
        }
        assert_eq!(committed.fits, anew, "`cargo xtask count --write` fits anew");
        let mut compared = 0;
        for entry in committed.counts.iter().filter(|entry| entry.kernel == KERNEL) {
            let cpu = Board::find(&entry.board).unwrap().cpu;
            let fit = committed.fits.iter().find(|fit| fit.cpu == cpu).unwrap();
            let error = error(fit, entry).expect(&entry.model);
            assert!(error.abs() < 0.05, "{} on {cpu}: {error:+.3}", entry.model);
            assert!(error.abs() <= fit.greatest_error, "{} on {cpu}: {error:+.3}", entry.model);
            compared += 1;
        }
        assert!(compared >= 40, "{compared} counts");
    }

    #[test]
    fn what_other_kernels_take_and_what_says_too_little_is_left_out() {
        let mut entries =
            [entry(Input::full(28), &[784, 10], 8), entry(Input::full(28), &[784, 10], 8)];
        entries[0].kernel = "wide".to_owned();
        entries[1].bits[0] = 3;
        assert_eq!(fits(&entries), []);
    }
}
