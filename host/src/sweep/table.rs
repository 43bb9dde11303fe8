//! What came out of a sweep, network by network.

use std::fmt::Write;

use serde::Serialize;

use super::{Cell, Folder, Outcome, Sweep, SweepError, Trained, network};
use crate::support::numbers::percent;

/// A network of a sweep, over its seeds. Accuracies go from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Widths of all layers, inputs first: `144-66-48-40-10`.
    pub network: String,
    /// Width of the weights: `4`, or `8/4/4` where layers differ.
    pub bits: String,
    /// The longest blob of its seeds.
    pub bytes: usize,
    /// Mean instructions of an image.
    pub instructions: f64,
    /// Mean accuracy on the validation images.
    pub validation_accuracy: f64,
    /// Mean accuracy on the test images.
    pub test_accuracy: f64,
    /// Standard deviation of the test accuracies; none of a single seed.
    pub test_deviation: Option<f64>,
    /// Whether no smaller network has a higher validation accuracy.
    pub front: bool,
    /// Whether no network of fewer instructions has a higher validation accuracy.
    pub fast_front: bool,
    /// Its trainings, by seed.
    pub trainings: Vec<Trained>,
}

/// The result of a sweep so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// The data's name.
    pub data: String,
    /// Cells of the sweep.
    pub planned: usize,
    /// Cells that were trained; those that failed are not among them.
    pub finished: usize,
    /// Networks with a training that succeeded, smallest first.
    pub networks: Vec<Row>,
    /// Cells whose training failed, and why.
    pub failed: Vec<(String, String)>,
}

impl Table {
    /// Reads what is finished of a sweep.
    ///
    /// # Errors
    ///
    /// [`SweepError::Result`], [`SweepError::File`].
    pub fn read(folder: &Folder, sweep: &Sweep) -> Result<Self, SweepError> {
        let mut table =
            Self { data: sweep.data.name.clone(), planned: sweep.cells.len(), ..Self::default() };
        let mut groups: Vec<(&Cell, Vec<Trained>)> = Vec::new();
        for cell in &sweep.cells {
            let Some(outcome) = folder.outcome(cell)? else { continue };
            match outcome {
                Outcome::Failed(reason) => table.failed.push((cell.id.clone(), reason)),
                Outcome::Trained(trained) => {
                    table.finished += 1;
                    let same = |(other, _): &&mut (&Cell, _)| is_same_network(other, cell);
                    match groups.iter_mut().find(same) {
                        Some((_, group)) => group.push(trained),
                        None => groups.push((cell, vec![trained])),
                    }
                }
            }
        }
        table.networks = groups
            .into_iter()
            .map(|(cell, group)| {
                let bits = network::bits_text(&cell.config);
                Row::new(network::widths_text(&cell.config, &sweep.data), bits, group)
            })
            .collect();
        table.networks.sort_by(|a, b| (a.bytes, &a.network).cmp(&(b.bytes, &b.network)));
        mark(&mut table.networks, |row| row.bytes as f64, |row| &mut row.front);
        mark(&mut table.networks, |row| row.instructions, |row| &mut row.fast_front);
        Ok(table)
    }

    /// The table as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = if self.networks.is_empty() { String::new() } else { self.rows() };
        for (cell, reason) in &self.failed {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(text, "failed: {cell}: {reason}");
        }
        if self.finished < self.planned {
            let failed = match self.failed.len() {
                0 => String::new(),
                failed => format!(", {failed} failed"),
            };
            let _ =
                writeln!(text, "{} of {} trainings finished{failed}", self.finished, self.planned);
        }
        text
    }

    /// A line for each network, below and above what explains them.
    fn rows(&self) -> String {
        let width = self.networks.iter().map(|row| row.network.len()).max().unwrap_or(0).max(7);
        let mut text = format!(
            "{:width$}  bits     bytes  instructions  validation             test  seeds\n",
            "network"
        );
        for row in &self.networks {
            let deviation = row.test_deviation.map(|share| format!(" ± {:.2}", 100.0 * share));
            let test =
                format!("{:.2}{} %", 100.0 * row.test_accuracy, deviation.unwrap_or_default());
            let _ = writeln!(
                text,
                "{:width$}  {:5}{:9}  {:12.0}  {:>10}  {test:>15}  {:5}{}",
                row.network,
                row.bits,
                row.bytes,
                row.instructions,
                percent(row.validation_accuracy),
                row.trainings.len(),
                match (row.front, row.fast_front) {
                    (true, true) => "  * +",
                    (true, false) => "  *",
                    (false, true) => "    +",
                    (false, false) => "",
                }
            );
        }
        text.push_str(
            "\n* on the Pareto front of bytes, + on that of instructions: no smaller (faster) \
             network has a higher\n  validation accuracy. Instructions are estimated for a \
             Cortex-M3, by a fit\n  to counts of the reference models.\n",
        );
        text
    }
}

impl Row {
    fn new(network: String, bits: String, mut trainings: Vec<Trained>) -> Self {
        trainings.sort_by_key(|trained| trained.seed);
        let count = trainings.len() as f64;
        let mean = |value: fn(&Trained) -> f64| trainings.iter().map(value).sum::<f64>() / count;
        let test_accuracy = mean(|trained| trained.test_accuracy);
        let squares = trainings.iter().map(|t| (t.test_accuracy - test_accuracy).powi(2));
        let deviation = (squares.sum::<f64>() / (count - 1.0)).sqrt();
        Self {
            network,
            bits,
            bytes: trainings.iter().map(|trained| trained.bytes).max().unwrap_or_default(),
            instructions: mean(|trained| trained.instructions),
            validation_accuracy: mean(|trained| trained.validation_accuracy),
            test_accuracy,
            test_deviation: (trainings.len() > 1).then_some(deviation),
            front: false,
            fast_front: false,
            trainings,
        }
    }
}

fn is_same_network(a: &Cell, b: &Cell) -> bool {
    a.widths == b.widths && network::bits(&a.config) == network::bits(&b.config)
}

/// Marks the Pareto front: of all that cost as much or less, the best on the validation images.
fn mark(rows: &mut [Row], cost: fn(&Row) -> f64, flag: fn(&mut Row) -> &mut bool) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let key = |index: &usize| (cost(&rows[*index]), -rows[*index].validation_accuracy);
    order.sort_by(|a, b| key(a).partial_cmp(&key(b)).expect("measures are finite"));
    let mut best = f64::NEG_INFINITY;
    for index in order {
        let row = &mut rows[index];
        if row.validation_accuracy > best {
            best = row.validation_accuracy;
            *flag(row) = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: usize, instructions: f64, accuracies: &[f64]) -> Row {
        let trained = |(seed, &accuracy): (usize, &f64)| Trained {
            widths: vec![4, 2],
            bits: vec![8],
            seed: seed as u64,
            bytes,
            validation_accuracy: accuracy,
            test_accuracy: accuracy,
            nonzero: vec![0.5],
            macs: 16.0,
            instructions,
            seconds: 1.0,
        };
        let trainings = accuracies.iter().enumerate().map(trained).collect();
        Row::new(bytes.to_string(), "8".to_owned(), trainings)
    }

    #[test]
    fn the_front_has_no_network_that_a_smaller_one_beats_or_equals() {
        let mut rows = [
            row(10, 9.0, &[0.5]),
            row(20, 8.0, &[0.5]),
            row(20, 7.0, &[0.6]),
            row(30, 1.0, &[0.4]),
        ];
        mark(&mut rows, |row| row.bytes as f64, |row| &mut row.front);
        mark(&mut rows, |row| row.instructions, |row| &mut row.fast_front);
        assert_eq!(rows.each_ref().map(|row| row.front), [true, false, true, false]);
        assert_eq!(rows.each_ref().map(|row| row.fast_front), [false, false, true, true]);
    }

    #[test]
    fn seeds_are_one_row_with_mean_and_spread() {
        let three = row(10, 1.0, &[0.97, 0.98, 0.99]);
        assert!((three.test_accuracy - 0.98).abs() < 1e-12);
        assert!((three.test_deviation.unwrap() - 0.01).abs() < 1e-12);
        let table = Table { planned: 4, finished: 3, networks: vec![three], ..Table::default() };
        let text = table.text();
        assert!(text.contains("98.00 ± 1.00 %      3"), "{text}");
        assert!(text.ends_with("3 of 4 trainings finished\n"), "{text}");
        assert_eq!(row(10, 1.0, &[0.97]).test_deviation, None);
    }
}
