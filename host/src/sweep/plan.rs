//! The plan of a sweep, a TOML file.

use std::collections::{BTreeMap, BTreeSet};

use inkbit_core::MAX_LAYERS;
use serde::{Deserialize, Serialize};

use super::{Shard, SweepError};
use crate::config::TrainConfig;
use crate::config::preset::{self, PRESETS};
use crate::support::visible;

/// Maximum number of networks; more of them are a mistake.
const MAX_NETWORKS: usize = 100_000;
const MAX_SEEDS: u64 = 1000;
/// Maximum number of trainings, over all networks that are chosen.
const MAX_TRAININGS: u64 = 100_000;

/// The keys of the TOML file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Preset that the configuration starts from [default: `classic`].
    pub preset: Option<String>,
    /// Maximum length of a blob in bytes.
    pub max_bytes: Option<usize>,
    /// Board whose flash and working memory must hold the model.
    pub fit: Option<String>,
    /// Number of networks to sample from those that fit [default: all].
    pub random: Option<usize>,
    /// Part of the trainings for this machine [default: all].
    pub shard: Option<Shard>,
    pub space: Space,
    /// Keys of [`TrainConfig`] that differ from the preset, for every network.
    pub config: toml::Table,
}

/// The choices. An empty one takes the value of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Space {
    /// Widths of a hidden layer. No layer is wider than the one before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub widths: Vec<usize>,
    /// Numbers of hidden layers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depths: Vec<usize>,
    /// Bits of a weight: one number for all layers, or one for each layer of the networks that have as
    /// many layers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bits: Vec<Vec<u8>>,
    /// Inputs per row: the side length after shrinking.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<usize>,
    /// Trainings per network, from 1 to 1000, with consecutive seeds from that of the configuration;
    /// at most 100,000 for all networks together.
    pub seeds: Option<u64>,
}

impl Plan {
    /// Parses TOML; errors begin with `name`.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SweepError> {
        toml::from_str(text).map_err(|error: toml::de::Error| SweepError::Plan {
            file: name.to_owned(),
            message: visible::toml(&error),
        })
    }

    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a plan is numbers and text")
    }

    pub fn shard(&self) -> Shard {
        self.shard.unwrap_or_default()
    }

    pub fn base(&self) -> Result<TrainConfig, SweepError> {
        let preset = match &self.preset {
            None => PRESETS[0],
            Some(name) => {
                preset::find(name).ok_or_else(|| SweepError::Preset { name: name.clone() })?
            }
        };
        let config = preset.config().with_table(self.config.clone())?;
        config.validate()?;
        Ok(config)
    }

    /// All networks of the space, each with the first seed.
    pub fn networks(&self) -> Result<Vec<TrainConfig>, SweepError> {
        let base = self.base()?;
        let Space { widths, depths, bits, inputs, seeds } = &self.space;
        let seeds = seeds.unwrap_or(1);
        if !(1..=MAX_SEEDS).contains(&seeds) {
            return Err(space("seeds", seeds, &format!("from 1 to {MAX_SEEDS}")));
        }
        if self.random == Some(0) {
            return Err(space("random", 0, "at least 1"));
        }
        let varied = [
            ("hidden", widths.is_empty(), "widths (--widths) and depths (--depths) choose it"),
            ("bits", bits.is_empty(), "bits of [space] (--bits) choose it"),
            ("input", inputs.is_empty(), "inputs of [space] (--inputs) choose it"),
        ];
        for (key, _, why) in varied.into_iter().filter(|(_, empty, _)| !empty) {
            if let Some(value) = self.config.get(key) {
                return Err(space(key, format!("{value}"), &format!("left out: {why}")));
            }
        }
        TrainConfig { seed: base.seed.saturating_add(seeds - 1), ..base.clone() }.validate()?;
        let hidden = match (widths.is_empty(), depths.is_empty()) {
            (true, true) => vec![base.hidden.clone()],
            (true, false) => {
                return Err(space("depths", depths, "left out, or `widths` given beside it"));
            }
            (false, true) => networks_of(widths, &[base.hidden.len()])?,
            (false, false) => networks_of(widths, depths)?,
        };
        let (lists, inputs) = (choices(bits, &base.bits), choices(inputs, &base.input));
        // Validation refuses the list of the base if it has another length.
        let suits = |list: &[u8], layers| bits.is_empty() || [1, layers].contains(&list.len());
        let suiting = |layers| {
            let all = lists.iter().enumerate();
            all.filter(|(_, list)| suits(list, layers)).map(|(number, _)| number).collect()
        };
        // Both lists may be long, so that the suitable ones are found once for each number of layers.
        let depths = BTreeSet::from_iter(hidden.iter().map(Vec::len));
        let suiting: BTreeMap<usize, Vec<usize>> =
            depths.into_iter().map(|depth| (depth, suiting(depth + 1))).collect();
        let lists_of = |hidden: &Vec<usize>| suiting[&hidden.len()].len();
        let count = hidden.iter().map(lists_of).sum::<usize>().saturating_mul(inputs.len());
        if count > MAX_NETWORKS {
            return Err(too_many("widths, depths, bits and inputs"));
        }
        let mut found = Vec::new();
        let mut used = vec![false; lists.len()];
        for hidden in hidden {
            for &number in &suiting[&hidden.len()] {
                used[number] = true;
                for &input in inputs {
                    let (hidden, bits) = (hidden.clone(), lists[number].clone());
                    let config = TrainConfig { hidden, bits, input, ..base.clone() };
                    config.validate_network()?;
                    found.push(config);
                }
            }
        }
        if let Some(unused) = used.iter().position(|used| !used) {
            let expected = "one number, or as many as a network has layers with the output";
            return Err(space("bits", &lists[unused], expected));
        }
        Ok(found)
    }
}

/// The choices, or else the value of the base.
fn choices<'a, T>(choices: &'a [T], base: &'a T) -> &'a [T] {
    if choices.is_empty() { std::slice::from_ref(base) } else { choices }
}

/// All lists of non-increasing widths, for each depth.
fn networks_of(widths: &[usize], depths: &[usize]) -> Result<Vec<Vec<usize>>, SweepError> {
    let [widths, depths] = [widths, depths].map(|list| BTreeSet::from_iter(list.iter().copied()));
    let mut found = Vec::new();
    for depth in depths {
        if depth >= MAX_LAYERS {
            let limit = format!("at most {}, what the format has room for", MAX_LAYERS - 1);
            return Err(space("depths", depth, &limit));
        }
        let mut lists = vec![Vec::new()];
        for _ in 0..depth {
            let longer = lists.iter().flat_map(|list: &Vec<usize>| {
                let last = list.last().copied().unwrap_or(usize::MAX);
                let next = widths.iter().take_while(move |&&width| width <= last);
                next.map(move |&width| [&list[..], &[width]].concat())
            });
            lists = longer.take(MAX_NETWORKS + 1).collect();
        }
        found.extend(lists);
        if found.len() > MAX_NETWORKS {
            return Err(too_many("widths and depths"));
        }
    }
    Ok(found)
}

/// Refuses too many trainings before there is a list of them, which would fill the memory.
pub(super) fn check_trainings(networks: usize, seeds: u64) -> Result<(), SweepError> {
    if (networks as u64).saturating_mul(seeds) <= MAX_TRAININGS {
        return Ok(());
    }
    let found = format!("{seeds} for each of {networks} networks");
    let expected = format!(
        "few enough for at most {MAX_TRAININGS} trainings: allow fewer networks, or choose some of \
         them with `random` (--random)"
    );
    Err(space("seeds", found, &expected))
}

fn too_many(keys: &'static str) -> SweepError {
    let expected = format!("few enough for at most {MAX_NETWORKS} networks");
    space(keys, "too many to combine", &expected)
}

fn space(key: &'static str, found: impl std::fmt::Debug, expected: &str) -> SweepError {
    let found = format!("{found:?}").trim_matches('"').to_owned();
    SweepError::Space { key, found, expected: expected.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(plan: &str) -> Vec<Vec<usize>> {
        let plan = Plan::from_toml("test", plan).unwrap();
        plan.networks().unwrap().into_iter().map(|config| config.hidden).collect()
    }

    #[test]
    fn a_grid_has_all_lists_of_non_increasing_widths() {
        let found = hidden("[space]\nwidths = [16, 8, 8]\ndepths = [0, 1, 2]");
        let expected: [&[usize]; 6] = [&[], &[8], &[16], &[8, 8], &[16, 8], &[16, 16]];
        assert_eq!(found, expected);
    }

    #[test]
    fn values_that_are_not_varied_are_those_of_the_configuration() {
        let plan = "[space]\nwidths = [8]\n[config]\nepochs = 7";
        let config = Plan::from_toml("test", plan).unwrap().networks().unwrap().remove(0);
        assert_eq!((config.hidden, config.epochs), (vec![8, 8], 7));
        assert_eq!(hidden("[config]\nhidden = [3]"), [[3]]);
        assert_eq!(hidden(""), [[256, 128]]);
    }

    #[test]
    fn a_plan_survives_its_text() {
        let text = "preset = \"classic\"\nmax_bytes = 9000\nrandom = 3\nshard = \"1/3\"\n[space]\nwidths = [4, 8]\n\
                    bits = [[4], [8, 4]]\nseeds = 2\n[config]\nepochs = 3\n";
        let plan = Plan::from_toml("test", text).unwrap();
        assert_eq!(Plan::from_toml("saved", &plan.to_toml()).unwrap(), plan);
    }

    #[test]
    fn an_error_names_the_key_and_the_legal_values() {
        for (plan, expected) in [
            ("[space]\nwidth = [3]", "test: TOML parse error"),
            ("[space]\ndepths = [1]", "depths is [1], but must be left out"),
            ("[space]\nwidths = [8]\ndepths = [8]", "depths is 8, but must be at most 7, what the"),
            ("[space]\nwidths = [8]\ndepths = [9000000000]", "depths is 9000000000, but must be"),
            (
                "[space]\nwidths = WIDE\ndepths = [2]\ninputs = WIDE",
                "inputs is too many to combine",
            ),
            ("[space]\nseeds = 0", "seeds is 0, but must be from 1 to 1000"),
            ("random = 0", "random is 0, but must be at least 1"),
            ("preset = \"clasic\"", "there is no preset \"clasic\"; there are classic"),
            ("[space]\nbits = [[8, 4]]", "bits is [8, 4], but must be one number, or as many as"),
            ("[space]\nbits = [[3]]", "bits[0] is 3, but must be 8 or 4 or 2"),
            ("[space]\nwidths = [0]", "hidden[0] is 0, but must be from 1 to 4096"),
            ("[config]\nepochs = 0", "epochs is 0, but must be at least 1"),
            ("shard = \"3/2\"", "--shard is \"3/2\", but must be K/N"),
            (
                "[space]\nwidths = [4]\n[config]\nhidden = [3]",
                "hidden is [3], but must be left out: widths (--widths) and depths (--depths)",
            ),
            (
                "[space]\nbits = [[4]]\n[config]\nbits = [8]",
                "bits is [8], but must be left out: bits of [space] (--bits) choose it",
            ),
        ] {
            let wide = format!("{:?}", (1..400).collect::<Vec<_>>());
            let plan = Plan::from_toml("test", &plan.replace("WIDE", &wide));
            let error = plan.and_then(|plan| plan.networks().map(|_| ())).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
