//! The images that margins are chosen on, and the data that they are from.

use inkbit_core::Model;

use super::super::{complain, recorded};
use super::{Args, MNIST};
use crate::cascade::common;
use crate::config::TrainConfig;
use crate::data::source::Reading;
use crate::data::{Dataset, Images};
use crate::model::origin;
use crate::support::{shell, visible};
use crate::train::validation_images;

/// The data of the last model, and the images that none of the models was trained on: each may have been
/// trained on other data, or have held out other images. All are read as the last model's data were.
pub(super) fn validation(args: &Args, parts: &[Model<'_>]) -> anyhow::Result<Validation> {
    let mut are_unseen = true;
    let (mut loaded, mut sets): (Option<(String, Dataset)>, Vec<Images>) = (None, Vec::new());
    let (_, reading) = asked_data(args, parts);
    for (path, part) in args.models.iter().zip(parts) {
        let path = visible::path(path);
        let known = trained(part);
        let name = args.data.data.clone().or(known.as_ref().map(|known| known.name.clone()));
        let data = match (loaded, name) {
            (Some((known, data)), Some(name)) if known == name => (name, data),
            (_, Some(name)) => {
                let data = args.data.named(&name).read_for_model(part, reading.clone())?;
                (name, data)
            }
            (_, None) => (MNIST.to_owned(), args.data.read_for_model(part, reading.clone())?),
        };
        let held_out = known.filter(|_| origin(part).digest == data.1.digest());
        let config = held_out.map_or_else(
            || {
                are_unseen = false;
                complain(&format!(
                    "note: {path} was trained on other data than {}, or does not record all that it was \
                     trained on, so it may know some of the validation images",
                    visible::line(&data.1.name)
                ));
                TrainConfig { seed: origin(part).seed, ..TrainConfig::default() }
            },
            |known| known.config,
        );
        sets.push(validation_images(&data.1.train, &config, data.1.of_first_source()));
        loaded = Some(data);
    }
    let ((_, data), last) = loaded.zip(sets.pop()).expect("there are models");
    Ok(Validation { data, images: common(&last, &sets), are_unseen })
}

/// The data of the last model, and what is known of the validation images.
pub(super) struct Validation {
    pub data: Dataset,
    pub images: Images,
    /// Whether no model was trained on them, as far as the models record what they were trained on.
    pub are_unseen: bool,
}

/// What a model records of its training.
struct Trained {
    config: TrainConfig,
    /// The value of `--data`.
    name: String,
    reading: Reading,
}

/// `None` of one that was not trained from the beginning by Inkbit: it does not record what the weights
/// were trained on that it began with.
fn trained(part: &Model<'_>) -> Option<Trained> {
    let command = origin(part).command;
    if !command.starts_with("inkbit train ") || command.contains(" --from ") {
        return None;
    }
    let (config, data, reading) = recorded::command(command)?;
    Some(Trained { config, name: data.unwrap_or_else(|| MNIST.to_owned()), reading })
}

/// The value of `--data` that the user, or else the command of the last model, names, and how the data are
/// read.
fn asked_data(args: &Args, parts: &[Model<'_>]) -> (Option<String>, Reading) {
    let given = args.data.reading(None);
    let last = &parts[parts.len() - 1];
    // A preset's mixture is not named: its test images are MNIST's.
    let named = origin(last).command.contains(" --data ");
    match trained(last) {
        Some(known) if args.data.data.is_none() => {
            let name = Some(known.name).filter(|name| named && name != MNIST);
            (name, if given.is_default() { known.reading } else { given })
        }
        _ => (args.data.data.clone(), given),
    }
}

/// Flags of the data, for a command that goes on with the model.
pub(super) fn data_flags(args: &Args, parts: &[Model<'_>]) -> String {
    let (name, reading) = asked_data(args, parts);
    let named = name.map(|name| format!(" --data {}", shell::word(&name)));
    named.unwrap_or_default() + &reading.flags()
}
