//! The state of a training as a file.

use serde::{Deserialize, Serialize};

use super::tensors::{self, Decoded};
use crate::train::State;
use crate::train::history::History;
use crate::train::optimizer::Adam;

/// The text of a checkpoint.
#[derive(Serialize, Deserialize)]
struct Progress {
    steps: u64,
    history: History,
}

pub(super) fn encode(state: &State) -> Vec<u8> {
    let mut networks = vec![
        ("last.", &state.last),
        ("best.", &state.best),
        ("adam.mean.", &state.adam.mean),
        ("adam.square.", &state.adam.square),
    ];
    networks.extend(state.average.iter().map(|average| ("average.", average)));
    let progress = Progress { steps: state.adam.steps, history: state.history.clone() };
    tensors::encode(&networks, &super::json(&progress))
}

/// The state of a network of these widths, with a running mean or without.
pub(super) fn decode(bytes: &[u8], widths: &[usize], averaged: bool) -> Result<State, String> {
    let file = Decoded::new(bytes)?;
    let network = |prefix| file.network(prefix, widths);
    let progress: Progress = serde_json::from_str(&file.text).map_err(|error| error.to_string())?;
    let adam = Adam {
        steps: progress.steps,
        mean: network("adam.mean.")?,
        square: network("adam.square.")?,
    };
    let average = averaged.then(|| network("average.")).transpose()?;
    let (last, best, history) = (network("last.")?, network("best.")?, progress.history);
    Ok(State { last, average, best, adam, history })
}
