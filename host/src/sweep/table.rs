//! The results of a sweep, network by network.

use std::fmt::Write;

use serde::Serialize;

use super::{Cell, Folder, Outcome, Sweep, SweepError, Trained, network};
use crate::report::table::{plain, row};
use crate::support::numbers::{mean_and_deviation, percent};
use crate::support::visible;

/// A network of a sweep, over its seeds. Accuracies are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Widths of all layers, inputs first: `144-66-48-40-10`.
    pub network: String,
    /// Bits of a weight: `4`, or `8/4/4` where layers differ.
    pub bits: String,
    /// Length of the longest blob.
    pub bytes: usize,
    /// Mean instructions of an inference.
    pub instructions: f64,
    /// Mean accuracy on the validation images.
    pub validation_accuracy: f64,
    /// Mean accuracy on the test images.
    pub test_accuracy: f64,
    /// Standard deviation of the test accuracy, if there are several seeds.
    pub test_deviation: Option<f64>,
    /// Whether no smaller network has a higher validation accuracy.
    pub front: bool,
    /// Whether no network with fewer instructions has a higher validation accuracy.
    pub fast_front: bool,
    /// The trainings by seed.
    pub trainings: Vec<Trained>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// Who wrote it, so that another table is not replaced.
    pub written_by: &'static str,
    pub data: String,
    /// Number of cells in the sweep.
    pub planned: usize,
    /// Number of trained cells.
    pub finished: usize,
    /// Networks with a trained cell, smallest first.
    pub networks: Vec<Row>,
    /// Cells whose training failed, with the reason.
    pub failed: Vec<(String, String)>,
}

impl Table {
    /// Reads the finished cells of a sweep.
    pub fn read(folder: &Folder, sweep: &Sweep) -> Result<Self, SweepError> {
        let mut table = Self {
            written_by: "Inkbit for a sweep",
            data: sweep.data.name.clone(),
            planned: sweep.cells.len(),
            ..Self::default()
        };
        let mut groups: Vec<(&Cell, Vec<Trained>)> = Vec::new();
        let shape = |cell: &Cell| (cell.widths.clone(), network::bits(&cell.config));
        for cell in &sweep.cells {
            match folder.outcome(cell)? {
                None => (),
                Some(Outcome::Failed(reason)) => table.failed.push((cell.id.clone(), reason)),
                Some(Outcome::Trained(trained)) => {
                    table.finished += 1;
                    match groups.iter_mut().find(|(other, _)| shape(other) == shape(cell)) {
                        Some((_, group)) => group.push(trained),
                        None => groups.push((cell, vec![trained])),
                    }
                }
            }
        }
        let row = |(cell, trainings): (&Cell, _)| {
            let network = network::widths_text(&cell.config, &sweep.data);
            Row::new(network, network::bits_text(&cell.config), trainings)
        };
        table.networks = groups.into_iter().map(row).collect();
        table.networks.sort_by(|a, b| (a.bytes, &a.network).cmp(&(b.bytes, &b.network)));
        mark(&mut table.networks, |row| row.bytes as f64, |row| &mut row.front);
        mark(&mut table.networks, |row| row.instructions, |row| &mut row.fast_front);
        Ok(table)
    }

    pub fn text(&self) -> String {
        let mut text = if self.networks.is_empty() { String::new() } else { self.rows() };
        for (cell, reason) in &self.failed {
            // Writing to a String does not fail, here and below.
            let _ = writeln!(text, "failed: {cell}: {}", visible::line(reason));
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

    /// The networks, and an explanation of the marks.
    fn rows(&self) -> String {
        let head =
            ["network", "bits", "bytes", "instructions", "validation", "test", "seeds", "front"];
        let mut rows = vec![row(head)];
        rows.extend(self.networks.iter().map(|network| {
            let deviation = network.test_deviation.map(|d| format!(" ± {:.2}", 100.0 * d));
            let test = 100.0 * network.test_accuracy;
            vec![
                network.network.clone(),
                network.bits.clone(),
                network.bytes.to_string(),
                format!("{:.0}", network.instructions),
                percent(network.validation_accuracy),
                format!("{test:.2}{} %", deviation.unwrap_or_default()),
                network.trainings.len().to_string(),
                match (network.front, network.fast_front) {
                    (true, true) => "* +".to_owned(),
                    (true, false) => "*  ".to_owned(),
                    (false, true) => "+".to_owned(),
                    (false, false) => String::new(),
                },
            ]
        }));
        format!(
            "{}\n* on the Pareto front of bytes, + on that of instructions: no network that is \
             smaller (faster)\n  has a higher validation accuracy. Instructions are estimated for a \
             Cortex-M3, by a fit\n  to counts of the reference models.\n",
            plain(&rows)
        )
    }
}

impl Row {
    fn new(network: String, bits: String, mut trainings: Vec<Trained>) -> Self {
        trainings.sort_by_key(|trained| trained.seed);
        let count = trainings.len() as f64;
        let mean = |value: fn(&Trained) -> f64| trainings.iter().map(value).sum::<f64>() / count;
        let (test_accuracy, deviation) =
            mean_and_deviation(trainings.iter().map(|trained| trained.test_accuracy));
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

/// Marks the Pareto front: networks with a higher validation accuracy than all that cost as much or less.
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
    fn no_smaller_network_is_as_accurate_as_one_on_the_front() {
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
    fn seeds_are_one_row_with_mean_and_deviation() {
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
