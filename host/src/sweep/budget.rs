//! How many bytes a network will have, before it is trained.

use inkbit_core::{Header, Model, Provenance};

use super::network::{description, label, shapes};
use super::{Plan, SweepError};
use crate::config::TrainConfig;
use crate::device::board::{self, Board};
use crate::model::Blob;
use crate::quantize::QuantizeError;
use crate::run::DataInfo;
use crate::support::parallel;

/// A network of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// How it is trained, with the first seed.
    pub config: TrainConfig,
    /// Length of its blob, the longest of all seeds. Units that are never alive and so removed make the real one shorter.
    pub bytes: usize,
    /// What keeps it from fitting, in words that go on after its size; empty if it fits.
    obstacle: String,
}

impl Candidate {
    /// Whether it is within the budget.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.obstacle.is_empty()
    }
}

/// What keeps a network from fitting any board, in words: of the board with the most room for it.
#[must_use]
pub fn obstacle_everywhere(config: &TrainConfig, data: &DataInfo) -> Option<String> {
    let mut boards = board::all();
    boards.sort_by_key(|board| board.memory.model.bytes);
    let obstacle = |board| {
        let budget = Budget { max_bytes: None, board: Some(board), data: data.clone() };
        // What the format has no room for is refused elsewhere.
        Some(budget.candidate(config, 1).ok()?.obstacle).filter(|obstacle| !obstacle.is_empty())
    };
    let obstacles: Option<Vec<String>> = boards.into_iter().map(obstacle).collect();
    let last = obstacles?.pop()?;
    Some(last.trim_matches([' ', '(', ')']).to_owned())
}

/// The limits of a sweep.
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

    /// Every network with its size and whether it fits, computed on all cores.
    pub(super) fn measure(
        &self,
        configs: &[TrainConfig],
        seeds: u64,
    ) -> Result<Vec<Candidate>, SweepError> {
        let candidates =
            parallel::map(configs.len(), |number| self.candidate(&configs[number], seeds));
        candidates.into_iter().collect()
    }

    fn candidate(&self, config: &TrainConfig, seeds: u64) -> Result<Candidate, SweepError> {
        let layers = shapes(config, &self.data);
        let mut data = Vec::new();
        let mut found = Candidate { config: config.clone(), bytes: 0, obstacle: String::new() };
        for seed in 0..seeds {
            // The command that trains it stands in the blob, and with it the seed.
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
            let bytes = blob.bytes().len();
            if bytes > found.bytes {
                found.bytes = bytes;
                found.obstacle = self.obstacle(&model, blob.bytes());
            }
        }
        Ok(found)
    }

    /// What keeps a model from fitting; empty if it fits.
    fn obstacle(&self, model: &Model<'_>, blob: &[u8]) -> String {
        let too_large = self.max_bytes.is_some_and(|limit| blob.len() > limit);
        match self.board.as_ref().map(|board| board.check(model, blob)) {
            Some(Err(error)) => format!(" ({error})"),
            _ if too_large => " ".to_owned(),
            _ => String::new(),
        }
    }

    /// The error of a sweep of which nothing fits.
    pub(super) fn nothing_fits(&self, candidates: &[Candidate]) -> SweepError {
        let limit = self.max_bytes.map(|bytes| format!("{bytes} bytes"));
        let board = self.board.as_ref().map(|board| format!("the board {}", board.name));
        let budget: Vec<String> = limit.into_iter().chain(board).collect();
        let smallest = candidates.iter().min_by_key(|candidate| candidate.bytes);
        SweepError::NothingFits {
            networks: candidates.len(),
            budget: budget.join(" and "),
            smallest: smallest.map_or_else(String::new, |least| label(&least.config, &self.data)),
            bytes: smallest.map_or(0, |least| least.bytes),
            why: smallest.map_or_else(String::new, |least| least.obstacle.trim_end().to_owned()),
        }
    }
}
