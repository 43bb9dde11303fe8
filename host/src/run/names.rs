//! The names in a run's folder, and how their files are known as Inkbit's.

use crate::support::replace::{Kind, RUN_LINE};

pub(super) const CONFIG: &str = "config.toml";
pub(super) const DATA: &str = "data.toml";
pub(super) const WEIGHTS: &str = "weights.safetensors";
pub(super) const HISTORY: &str = "history.json";
pub(super) const QUANTIZED: &str = "quantized.json";
pub(super) const CHECKPOINT: &str = "checkpoint.safetensors";
pub(super) const REPORT: &str = "report.html";

/// The text that [`tensors`](super::tensors) writes, which comes after the length of the header.
const TENSORS: &[u8] = b"{\"__metadata__\":{\"inkbit\":\"";
/// Bytes of that length.
const LENGTH: usize = 8;

const fn safetensors(name: &'static str) -> Kind {
    Kind::known(name, LENGTH + TENSORS.len(), |start| start.get(LENGTH..) == Some(TENSORS))
}

/// How the JSON files of a run begin.
const JSON: &[u8] = b"{\n  \"written_by\": \"Inkbit for a training run\",\n";

/// A report, known by the page's generator, which the head names among what else is about the page.
pub const REPORT_KIND: Kind = Kind::known("an Inkbit report", 1024, |start| {
    const GENERATOR: &[u8] = b"<meta name=\"generator\" content=\"inkbit ";
    let head = start.strip_prefix(b"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n");
    let lines = head.unwrap_or_default().split(|&byte| byte == b'\n');
    lines.take_while(|line| line.starts_with(b"<meta ")).any(|line| line.starts_with(GENERATOR))
});

/// All names. A run whose files were removed from the last to the first can go on, or there is none
/// any more, wherever that was broken off.
pub(super) const NAMES: [(&str, Kind); 7] = [
    (DATA, Kind::beginning("the data of an Inkbit run", &[RUN_LINE.as_bytes()])),
    (CONFIG, Kind::beginning("the configuration of an Inkbit run", &[RUN_LINE.as_bytes()])),
    (CHECKPOINT, safetensors("the checkpoint of an Inkbit run")),
    (WEIGHTS, safetensors("the weights of an Inkbit run")),
    (HISTORY, Kind::beginning("the history of an Inkbit run", &[JSON])),
    (QUANTIZED, Kind::beginning("the quantization of an Inkbit run", &[JSON])),
    (REPORT, REPORT_KIND),
];

/// The kind of the file of a name.
pub(super) fn own(name: &str) -> Kind {
    let found = NAMES.into_iter().find(|(known, _)| *known == name);
    found.expect("all names have a kind").1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_user_about_bits_and_what_was_learned_is_no_quantization_of_ours() {
        let kind = own(QUANTIZED);
        assert!(!kind.has(b"{\n  \"bits\": [\n    8\n  ],\n  \"learned\": false,\n"));
        assert!(kind.has(b"{\n  \"written_by\": \"Inkbit for a training run\",\n  \"bits\": ["));
    }
}
