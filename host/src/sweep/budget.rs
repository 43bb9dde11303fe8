//! The size of a network before it is trained, and whether it fits.

use inkbit_core::{Header, MAX_COMMAND, MAX_PROVENANCE, Stage};

use super::network::{digest, input, label, name, shapes};
use super::{Plan, SweepError};
use crate::config::preset::PRESETS;
use crate::config::{Commands, TrainConfig};
use crate::device::board::{self, Board, TooLarge};
use crate::quantize::{self, QuantizeError};
use crate::run::DataInfo;
use crate::support::parallel;
use crate::support::visible::shortened;

/// A network of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its training with the first seed.
    pub config: TrainConfig,
    /// Length of the longest blob of all seeds. The removal of dead units makes blobs shorter.
    pub bytes: usize,
    /// Whether it is within the budget.
    pub fits: bool,
    board_error: Option<TooLarge>,
}

/// Why a network fits no board: the error of the board with the most flash. `None` if a board fits, or
/// if the format cannot represent the network, which is refused elsewhere.
pub fn no_board_fits(config: &TrainConfig, data: &DataInfo) -> Option<TooLarge> {
    let mut boards = board::all();
    boards.sort_by_key(|board| board.memory.model.bytes);
    let error = |board| {
        let budget = Budget { max_bytes: None, board: Some(board), data: data.clone() };
        budget.measure(std::slice::from_ref(config), 1).ok()?.pop()?.board_error
    };
    boards.into_iter().map(error).collect::<Option<Vec<_>>>()?.pop()
}

pub(super) struct Budget {
    max_bytes: Option<usize>,
    board: Option<Board>,
    data: DataInfo,
}

/// What all networks of a sweep have in common.
struct Shared {
    commands: Commands,
    seeds: Vec<u64>,
    labels: String,
    digest: [u8; 32],
}

/// Of consecutive seeds, one for each length that the blob of a network can have. The length depends
/// on the seed because the blob records it, and the training command with it, which leaves out the
/// seed of a preset.
fn seeds_of_all_lengths(first: u64, count: u64) -> Vec<u64> {
    let presets = PRESETS.map(|preset| preset.config().seed);
    let alike = |seed: u64| (seed.checked_ilog10(), seed.checked_ilog2().map(|bit| bit / 7));
    let mut found: Vec<u64> = Vec::new();
    for seed in first..first.saturating_add(count) {
        let same = |&last: &u64| alike(last) == alike(seed) && !presets.contains(&last);
        if presets.contains(&seed) || !found.last().is_some_and(same) {
            found.push(seed);
        }
    }
    found
}

impl Budget {
    pub(super) fn new(plan: &Plan, data: &DataInfo) -> Result<Self, SweepError> {
        let board = plan.fit.as_deref().map(Board::find).transpose()?;
        Ok(Self { max_bytes: plan.max_bytes, board, data: data.clone() })
    }

    /// Measures every network, on all cores. The networks differ only in what a sweep varies.
    pub(super) fn measure(
        &self,
        configs: &[TrainConfig],
        seeds: u64,
    ) -> Result<Vec<Candidate>, SweepError> {
        let Some(first) = configs.first() else { return Ok(Vec::new()) };
        let shared = Shared {
            commands: Commands::new(first, &self.data.name, None),
            seeds: seeds_of_all_lengths(first.seed, seeds),
            labels: self.data.classes.join("\n"),
            digest: digest(&self.data),
        };
        let each = parallel::map(configs.len(), |number| self.candidate(&configs[number], &shared));
        each.into_iter().collect()
    }

    /// Measures a network from its shapes alone: no blob is built, which may have 100 MB.
    fn candidate(&self, config: &TrainConfig, shared: &Shared) -> Result<Candidate, SweepError> {
        let layers = shapes(config, &self.data);
        let (name, tested) = (name(config, &self.data), self.data.test_images as u32);
        let input = input(config, &self.data);
        let sample = self.data.sample();
        // The prominence is not known yet: the longest there is.
        let alone = Stage::alone(input, 1.0, layers.len() as u8);
        let stage = Stage { prominence: u32::MAX, ..alone };
        let (mut bytes, mut room) = (0, [0; MAX_PROVENANCE]);
        for &seed in &shared.seeds {
            let command = shared.commands.command(config, seed) + &self.data.reading.flags();
            let command = shortened(command, MAX_COMMAND);
            let origin = quantize::origin(&command, shared.digest, seed, (tested, tested));
            let header = Header {
                name: &name,
                labels: &shared.labels,
                sample,
                stages: [stage].into_iter().collect(),
                layers: layers.iter().copied().collect(),
                provenance: origin.write(&mut room).map_err(QuantizeError::from)?,
            };
            if bytes == 0 {
                header.check().map_err(QuantizeError::from)?;
            }
            bytes = bytes.max(header.blob_bytes());
        }
        let cells =
            layers.iter().map(|layer| usize::from(layer.inputs) + usize::from(layer.outputs));
        let (cells, classes) = (cells.max().unwrap_or_default(), self.data.classes.len());
        let pixels = sample.bytes();
        let board = self.board.as_ref();
        let board_error =
            board.and_then(|board| board::check_needs(board, bytes, cells, pixels, classes).err());
        let fits = board_error.is_none() && self.max_bytes.is_none_or(|limit| bytes <= limit);
        Ok(Candidate { config: config.clone(), bytes, fits, board_error })
    }

    pub(super) fn nothing_fits(&self, candidates: &[Candidate]) -> SweepError {
        let limit = self.max_bytes.map(|bytes| format!("{bytes} bytes"));
        let board = self.board.as_ref().map(|board| format!("the board {}", board.name));
        let budget: Vec<String> = limit.into_iter().chain(board).collect();
        let smallest = candidates.iter().min_by_key(|candidate| candidate.bytes);
        let smallest = smallest.expect("a plan describes at least one network");
        let reason = smallest.board_error.as_ref().map(|error| format!(" ({error})"));
        SweepError::NothingFits {
            networks: candidates.len(),
            budget: budget.join(" and "),
            smallest: label(&smallest.config, &self.data),
            bytes: smallest.bytes,
            reason: reason.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use inkbit_core::Model;

    use super::*;
    use crate::model::Blob;
    use crate::quantize::Description;
    use crate::sweep::network::description;

    fn data(name: &str) -> DataInfo {
        DataInfo {
            fine_tuning: None,
            imported: None,
            begun_by: None,
            name: name.to_owned(),
            digest: "5a".repeat(32),
            side: Some(28),
            size: None,
            features: None,
            layout: None,
            train_images: 100,
            test_images: 300,
            classes: (0..10).map(|class| class.to_string()).collect(),
            labels: None,
            reading: Default::default(),
        }
    }

    /// Length of the longest blob of all seeds, each of which is built.
    fn longest(config: &TrainConfig, data: &DataInfo, seeds: u64) -> usize {
        let length = |seed| {
            let config = TrainConfig { seed, ..config.clone() };
            let description = description(&config, data);
            let layers = shapes(&config, data);
            let stage = Stage::alone(description.input, 1.0, layers.len() as u8);
            let mut room = [0; MAX_PROVENANCE];
            let Description { command, digest, seed, .. } = &description;
            let origin = quantize::origin(command, *digest, *seed, (300, 300));
            let header = Header {
                name: &description.name,
                labels: &description.classes.join("\n"),
                sample: data.sample(),
                stages: [Stage { prominence: description.prominence, ..stage }]
                    .into_iter()
                    .collect(),
                layers: layers.into_iter().collect(),
                provenance: origin.write(&mut room).unwrap(),
            };
            let length = header.data_bytes();
            let parameters = vec![0_u64; length.div_ceil(8)];
            let parameters = &bytemuck::cast_slice(&parameters)[..length];
            let model = Model::new(header, parameters).unwrap();
            Blob::from_model(&model).unwrap().bytes().len()
        };
        (config.seed..config.seed + seeds).map(length).max().unwrap()
    }

    #[test]
    fn a_size_from_shapes_is_that_of_the_longest_blob_that_is_built() {
        let plans = [
            "[space]\nwidths = [1, 3, 16, 33]\ndepths = [0, 1, 2, 3]\nbits = [[8], [4], [2], [8, 4, 2]]",
            "[space]\nwidths = [10, 300]\nseeds = 12\ninputs = [28, 12]\n[config]\nseed = 119",
            "preset = \"tiny\"\n[space]\nbits = [[8], [2]]\nseeds = 3\n[config]\nseed = 0",
            "[space]\nwidths = [7]\nbits = [[4]]\n[config]\nscales = \"layer\"\nseed = 9999",
        ];
        for name in ["mnist", "digits", &"\u{e4} ".repeat(300)] {
            let data = data(name);
            for plan in plans {
                let plan = Plan::from_toml("test", plan).unwrap();
                let (configs, seeds) = (plan.networks().unwrap(), plan.space.seeds.unwrap_or(1));
                let found = Budget::new(&plan, &data).unwrap().measure(&configs, seeds).unwrap();
                assert_eq!(found.len(), configs.len());
                for (config, found) in configs.iter().zip(found) {
                    let label = label(config, &data);
                    assert_eq!(found.bytes, longest(config, &data, seeds), "{label}");
                }
            }
        }
    }

    #[test]
    fn seeds_of_all_lengths_are_few() {
        let preset = PRESETS[0].config().seed;
        assert_eq!(preset, 1);
        assert_eq!(seeds_of_all_lengths(0, 1000), [0, 1, 2, 10, 100, 128]);
        assert_eq!(seeds_of_all_lengths(16_000, 1000), [16_000, 16_384]);
        assert_eq!(seeds_of_all_lengths(5, 1), [5]);
    }
}
