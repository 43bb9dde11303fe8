//! A sweep made out: its networks, its cells, and which machine trains which.

use super::budget::{Budget, Candidate};
use super::{Plan, Shard, SweepError, network};
use crate::config::TrainConfig;
use crate::data::Dataset;
use crate::run::DataInfo;
use crate::support::rng::Rng;
use crate::train::check_sizes;

/// Uses of the seed of `random`, apart from those of training.
const CHOICE: u64 = 100;

/// One training of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Name of its folder; every cell of a sweep has another one.
    pub id: String,
    /// How it is trained.
    pub config: TrainConfig,
    /// Widths of all layers, inputs first.
    pub widths: Vec<usize>,
    /// Length of its blob, at most.
    pub bytes: usize,
}

impl Cell {
    /// How long it trains, in no particular unit: products of weights, and what an image costs
    /// besides.
    #[must_use]
    pub fn cost(&self) -> f64 {
        const IMAGE: usize = 30_000;
        let weights: usize = self.widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        (weights + IMAGE) as f64 * self.config.epochs as f64
    }
}

/// A sweep that is legal, of which something fits its budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// What every network's configuration starts from.
    pub base: TrainConfig,
    /// The data that it is trained on.
    pub data: DataInfo,
    /// Networks that the space describes, fitting or not.
    pub networks: usize,
    /// How many of them fit.
    pub fitting: usize,
    /// Those that fit and, in a random search, were chosen; largest first.
    pub candidates: Vec<Candidate>,
    /// A cell for each of these and each seed. The longest trainings come first, so that in the end
    /// no core waits for a long one.
    pub cells: Vec<Cell>,
}

impl Sweep {
    /// Makes a plan out for data.
    ///
    /// # Errors
    ///
    /// [`SweepError`], before anything is trained.
    pub fn new(plan: &Plan, data: &Dataset) -> Result<Self, SweepError> {
        let (base, data) = (plan.base()?, DataInfo::new(data));
        let budget = Budget::new(plan, &data)?;
        let configs = plan.networks()?;
        for config in &configs {
            check_sizes(config, data.side, data.train_images)
                .map_err(crate::run::RunError::from)?;
        }
        let seeds = plan.space.seeds.unwrap_or(1);
        let all = budget.measure(&configs, seeds)?;
        let mut candidates: Vec<_> = all.iter().filter(|found| found.fits()).cloned().collect();
        if candidates.is_empty() {
            return Err(budget.nothing_fits(&all));
        }
        let fitting = candidates.len();
        if let Some(count) = plan.random {
            Rng::new(base.seed, &[CHOICE]).shuffle(&mut candidates);
            candidates.truncate(count);
        }
        candidates.sort_by_key(|cell| std::cmp::Reverse(cell.bytes));
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

    /// How many networks there are, fit and were chosen, in words.
    #[must_use]
    pub fn counts(&self) -> String {
        let chosen = match self.candidates.len() {
            chosen if chosen < self.fitting => format!(", {chosen} chosen at random"),
            _ => String::new(),
        };
        format!("{} of {} networks fit{chosen}", self.fitting, self.networks)
    }

    /// A network in words.
    #[must_use]
    pub fn label(&self, config: &TrainConfig) -> String {
        network::label(config, &self.data)
    }

    /// The cells that one of several machines trains: dealt out like cards, so that all take about
    /// as long.
    #[must_use]
    pub fn shard(&self, shard: Shard) -> Vec<Cell> {
        self.cells.iter().skip(shard.number - 1).step_by(shard.of).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Images;

    fn data() -> Dataset {
        let images = |count: usize| Images {
            side: 8,
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
        Sweep::new(&Plan::from_toml("test", plan)?, &data())
    }

    const SPACE: &str = "[space]\nwidths = [8, 16, 24]\ndepths = [1, 2]\nseeds = 2";

    #[test]
    fn shards_are_disjoint_and_together_the_sweep() {
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
    fn a_shard_is_k_of_n() {
        assert_eq!("2/8".parse::<Shard>().unwrap(), Shard { number: 2, of: 8 });
        for text in ["0/3", "4/3", "1", "1/0", "a/2", "1/2/3"] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains(&format!("--shard is \"{text}\", but must be K/N")), "{error}");
        }
    }

    #[test]
    fn a_random_search_takes_the_same_networks_every_time_and_all_of_them_fit() {
        let plan = format!("random = 3\nmax_bytes = 2000\n{SPACE}");
        let found = sweep(&plan).unwrap();
        assert_eq!(found, sweep(&plan).unwrap());
        assert_eq!((found.candidates.len(), found.cells.len()), (3, 6));
        assert!(found.candidates.iter().all(|candidate| candidate.bytes <= 2000));
    }

    #[test]
    fn a_budget_is_met_to_the_byte_and_one_that_nothing_meets_names_the_smallest_network() {
        let smallest = sweep(SPACE).unwrap().candidates.last().unwrap().bytes;
        let exact = sweep(&format!("max_bytes = {smallest}\n{SPACE}")).unwrap();
        assert_eq!(exact.candidates.len(), 1);
        let error = sweep(&format!("max_bytes = {}\n{SPACE}", smallest - 1)).unwrap_err();
        let expected = format!(
            "none of the 9 networks fits {} bytes: the smallest, 64-8-4 at 8 bits, takes {smallest} \
             bytes; allow narrower",
            smallest - 1
        );
        assert!(error.is_usage() && error.to_string().starts_with(&expected), "{error}");
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
