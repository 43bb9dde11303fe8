//! What the command says that a model records.

use clap::Parser;

use super::{Cli, Command};
use crate::config::TrainConfig;
use crate::data::source::Reading;

/// The configuration and the data of a command that a model names; `None` if it is not one of
/// `train`'s, `cascade`'s or `import`'s, reads a configuration, or has words in quotes.
pub fn command(text: &str) -> Option<(TrainConfig, Option<String>, Reading)> {
    let is_plain = !text.contains(['\'', '"', '\\', '^']);
    let words = text.split_whitespace().chain(["--out", "RUN"]);
    let (config, data, reading) =
        match is_plain.then(|| Cli::try_parse_from(words).ok()).flatten()?.command {
            Command::Train(args) => args.without_files()?,
            Command::Cascade(args) => args.without_models(),
            Command::Import(args) => {
                let data = args.data.data.clone().unwrap_or_else(|| "mnist".to_owned());
                (TrainConfig::default(), data, args.data.read.reading())
            }
            _ => return None,
        };
    // No model makes a command look for another computer.
    let is_remote = |part: &str| part.starts_with("//") || part.starts_with("\\\\");
    let data = Some(data).filter(|data| !data.split('+').any(is_remote));
    Some((config, data, reading))
}
