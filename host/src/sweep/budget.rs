//! The size of a network before it is trained, and whether it fits.

use inkbit_core::{Header, Model, Provenance};

use super::network::{description, label, shapes};
use super::{Plan, SweepError};
use crate::config::TrainConfig;
use crate::device::board::{self, Board, TooLarge};
use crate::model::Blob;
use crate::quantize::QuantizeError;
use crate::run::DataInfo;
use crate::support::parallel;

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
        budget.candidate(config, 1).ok()?.board_error
    };
    boards.into_iter().map(error).collect::<Option<Vec<_>>>()?.pop()
}

pub(super) struct Budget {
    max_bytes: Option<usize>,
    board: Option<Board>,
    data: DataInfo,
}

impl Budget {
    pub(super) fn new(plan: &Plan, data: &DataInfo) -> Result<Self, SweepError> {
        let board = plan.fit.as_deref().map(Board::find).transpose()?;
        Ok(Self { max_bytes: plan.max_bytes, board, data: data.clone() })
    }

    /// Measures every network, on all cores.
    pub(super) fn measure(
        &self,
        configs: &[TrainConfig],
        seeds: u64,
    ) -> Result<Vec<Candidate>, SweepError> {
        let each = parallel::map(configs.len(), |number| self.candidate(&configs[number], seeds));
        each.into_iter().collect()
    }

    fn candidate(&self, config: &TrainConfig, seeds: u64) -> Result<Candidate, SweepError> {
        let layers = shapes(config, &self.data);
        let mut data = Vec::new();
        let mut found =
            Candidate { config: config.clone(), bytes: 0, fits: true, board_error: None };
        for seed in 0..seeds {
            // The length depends on the seed because the blob records the training command.
            let config = TrainConfig { seed: config.seed + seed, ..config.clone() };
            let description = description(&config, &self.data);
            let tested = self.data.test_images as u32;
            let header = Header {
                name: &description.name,
                labels: &description.classes.join("\n"),
                input: description.input,
                logit_scale: 1.0,
                layers: layers.iter().copied().collect(),
                provenance: Provenance {
                    tool: concat!("inkbit ", env!("CARGO_PKG_VERSION")),
                    command: &description.command,
                    digest: description.digest,
                    seed: description.seed,
                    correct: tested,
                    tested,
                },
            };
            data.resize(header.data_bytes(), 0);
            let model = Model::new(header, &data).map_err(QuantizeError::from)?;
            let blob = Blob::from_model(&model).map_err(QuantizeError::from)?;
            let blob = blob.bytes();
            if blob.len() > found.bytes {
                found.bytes = blob.len();
                let board = self.board.as_ref();
                found.board_error = board.and_then(|board| board::check(board, &model, blob).err());
                found.fits = found.board_error.is_none()
                    && self.max_bytes.is_none_or(|limit| blob.len() <= limit);
            }
        }
        Ok(found)
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
