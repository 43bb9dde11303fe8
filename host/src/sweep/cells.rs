//! A sweep: its networks, and its cells with their distribution over machines.

use std::collections::BTreeSet;

use super::budget::{Budget, Candidate};
use super::plan::check_trainings;
use super::{Plan, Shard, SweepError, network};
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::data::source::Reading;
use crate::run::{DataInfo, RunError};
use crate::support::rng::Rng;
use crate::train::check_images;

/// Separates the random numbers of `random` from those of training with the same seed.
const CHOICE: u64 = 100;

/// One training of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Name of its folder, unique in the sweep.
    pub id: String,
    pub config: TrainConfig,
    /// Widths of all layers, inputs first.
    pub widths: Vec<usize>,
    /// Maximum length of its blob.
    pub bytes: usize,
}

impl Cell {
    /// Relative training time: multiplications of all epochs, and a constant per image.
    pub fn cost(&self) -> f64 {
        const IMAGE: usize = 30_000;
        let weights: usize = self.widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        (weights + IMAGE) as f64 * self.config.epochs as f64
    }
}

/// An expanded plan of which at least one network fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The configuration that every network varies.
    pub base: TrainConfig,
    pub data: DataInfo,
    /// Number of networks in the space.
    pub networks: usize,
    /// Number of networks that fit.
    pub fitting: usize,
    /// Networks that fit and, in a random search, were chosen; largest first.
    pub candidates: Vec<Candidate>,
    /// A cell for each candidate and seed. The longest training comes first, so that no core trains
    /// alone at the end.
    pub cells: Vec<Cell>,
}

impl Sweep {
    /// Expands a plan and checks it before anything is trained.
    /// `reading` is how the data were read, which the sweep keeps.
    pub fn new(plan: &Plan, data: &Dataset, reading: &Reading) -> Result<Self, SweepError> {
        let data = DataInfo { reading: reading.clone(), ..DataInfo::new(data) };
        let base = plan.base()?;
        let budget = Budget::new(plan, &data)?;
        let mut configs = plan.networks()?;
        // A plan may name the same bits or inputs twice, or in two ways.
        let mut known = BTreeSet::new();
        configs.retain(|config| known.insert(network::id(config, &data)));
        for config in &configs {
            check_images(config, &data.shape(), data.train_images).map_err(RunError::from)?;
        }
        let seeds = plan.space.seeds.unwrap_or(1);
        let all = budget.measure(&configs, seeds)?;
        let mut candidates: Vec<_> = all.iter().filter(|found| found.fits).cloned().collect();
        if candidates.is_empty() {
            return Err(budget.nothing_fits(&all));
        }
        let fitting = candidates.len();
        if let Some(count) = plan.random {
            Rng::new(base.seed, &[CHOICE]).shuffle(&mut candidates);
            candidates.truncate(count);
        }
        check_trainings(candidates.len(), seeds)?;
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.bytes));
        let cell = |candidate: &Candidate, seed| {
            let config = TrainConfig { seed: base.seed + seed, ..candidate.config.clone() };
            Cell {
                id: network::id(&config, &data),
                widths: network::widths(&config, &data),
                bytes: candidate.bytes,
                config,
            }
        };
        let mut cells: Vec<Cell> = candidates
            .iter()
            .flat_map(|candidate| (0..seeds).map(move |seed| cell(candidate, seed)))
            .collect();
        cells.sort_by(|a, b| b.cost().total_cmp(&a.cost()));
        Ok(Self { base, data, networks: all.len(), fitting, candidates, cells })
    }

    /// Numbers of networks in the space, fitting, and chosen, in words.
    pub fn counts(&self) -> String {
        let chosen = match self.candidates.len() {
            chosen if chosen < self.fitting => format!(", {chosen} chosen at random"),
            _ => String::new(),
        };
        format!("{} of {} networks fit{chosen}", self.fitting, self.networks)
    }

    pub fn label(&self, config: &TrainConfig) -> String {
        network::label(config, &self.data)
    }

    /// The cells of one of several machines: every n-th, so that all take about equally long.
    pub fn shard(&self, shard: Shard) -> Vec<Cell> {
        self.cells.iter().skip(shard.number - 1).step_by(shard.of).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Images, Shape};

    fn data() -> Dataset {
        let images = |count: usize| Images {
            shape: Shape::square(8),
            pixels: vec![0; count * 64],
            labels: (0..count).map(|index| (index % 4) as u8).collect(),
        };
        Dataset {
            name: "test".to_owned(),
            classes: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
            train: images(40),
            test: images(8),
        }
    }

    fn sweep(plan: &str) -> Result<Sweep, SweepError> {
        Sweep::new(&Plan::from_toml("test", plan)?, &data(), &Reading::default())
    }

    const SPACE: &str = "[space]\nwidths = [8, 16, 24]\ndepths = [1, 2]\nseeds = 2";

    #[test]
    fn shards_partition_the_sweep() {
        let sweep = sweep(SPACE).unwrap();
        assert_eq!((sweep.networks, sweep.cells.len()), (9, 18));
        let mut ids: Vec<String> = (1..=4)
            .flat_map(|number| sweep.shard(Shard { number, of: 4 }))
            .map(|cell| cell.id)
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 18);
        assert_eq!(sweep.shard(Shard::default()), sweep.cells);
    }

    #[test]
    fn what_a_plan_names_twice_is_trained_once() {
        let twice =
            "[space]\nwidths = [8]\ndepths = [1]\nbits = [[4], [4, 4], [4]]\ninputs = [8, 8]";
        let found = sweep(twice).unwrap();
        assert_eq!((found.networks, found.cells.len()), (1, 1));
    }

    #[test]
    fn a_shard_is_k_of_n() {
        assert_eq!("2/8".parse::<Shard>().unwrap(), Shard { number: 2, of: 8 });
        for text in ["0/3", "4/3", "1", "1/0", "a/2", "1/2/3"] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains(&format!("--shard is \"{text}\", but must be K/N")), "{error}");
        }
    }

    #[test]
    fn a_random_search_chooses_the_same_fitting_networks_every_time() {
        let plan = format!("random = 3\nmax_bytes = 2000\n{SPACE}");
        let found = sweep(&plan).unwrap();
        assert_eq!(found, sweep(&plan).unwrap());
        assert_eq!((found.candidates.len(), found.cells.len()), (3, 6));
        assert!(found.candidates.iter().all(|candidate| candidate.bytes <= 2000));
    }

    #[test]
    fn a_budget_is_exact_to_the_byte_and_its_error_names_the_smallest_network() {
        let smallest = sweep(SPACE).unwrap().candidates.last().unwrap().bytes;
        let exact = sweep(&format!("max_bytes = {smallest}\n{SPACE}")).unwrap();
        assert_eq!(exact.candidates.len(), 1);
        let error = sweep(&format!("max_bytes = {}\n{SPACE}", smallest - 1)).unwrap_err();
        let expected = format!(
            "none of the 9 networks fits {} bytes: the smallest, 64-8-4 at 8 bits, has {smallest} \
             bytes; allow narrower",
            smallest - 1
        );
        assert!(error.is_usage() && error.to_string().starts_with(&expected), "{error}");
    }

    #[test]
    fn more_trainings_than_the_limit_are_refused_unless_some_are_chosen() {
        let widths: Vec<_> = (1..=101).collect();
        let plan = format!("[space]\nwidths = {widths:?}\ndepths = [1]\nseeds = 1000");
        let error = sweep(&plan).unwrap_err();
        let expected = "seeds is 1000 for each of 101 networks, but must be few enough for at most \
                        100000 trainings";
        assert!(error.is_usage() && error.to_string().starts_with(expected), "{error}");
        assert_eq!(sweep(&format!("random = 2\n{plan}")).unwrap().cells.len(), 2000);
    }

    #[test]
    fn a_board_limits_flash_and_working_memory() {
        let plan = "fit = \"microbit\"\n[space]\nwidths = [64, 1024]\ndepths = [1]";
        let fitting = sweep(plan).unwrap();
        assert_eq!(fitting.cells.iter().map(|cell| cell.widths[1]).collect::<Vec<_>>(), [64]);
        let error = sweep(&plan.replace("64, ", "")).unwrap_err().to_string();
        assert!(error.contains("fits the board microbit") && error.contains("cells of"), "{error}");
        let error = sweep("fit = \"macrobit\"").unwrap_err();
        assert!(error.is_usage(), "{error}");
    }
}
