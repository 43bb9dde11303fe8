//! The stages of a model as plain text.

use inkbit_core::{Input, Model};

use super::table::{self, row};
use crate::evaluate::stages::StageCounts;
use crate::support::numbers::{grouped, percent};

/// Images as a fraction of others; of none it is none.
pub(crate) fn fraction(images: usize, of: usize) -> String {
    match of {
        0 => "–".to_owned(),
        _ => percent(images as f64 / of as f64),
    }
}

/// What each stage of a model decides, in fractions of the images.
pub(crate) fn counts(counts: &[StageCounts]) -> String {
    let images = counts.first().map_or(0, |first| first.asked);
    let mut rows = vec![row(["stage", "asked of", "decides", "of these right"])];
    rows.extend(counts.iter().enumerate().map(|(number, counts)| {
        let &StageCounts { asked, decided, correct } = counts;
        let fractions =
            [fraction(asked, images), fraction(decided, images), fraction(correct, decided)];
        [(number + 1).to_string()].into_iter().chain(fractions).collect()
    }));
    table::plain(&rows)
}

/// The margin from which an answer stands.
pub(crate) fn margin(margin: u32) -> String {
    match margin {
        u32::MAX => "never".to_owned(),
        margin => grouped(margin as usize),
    }
}

/// The networks of a model that are asked in turn, and when the answer of each stands.
pub(crate) fn conditions(model: &Model<'_>) -> String {
    let mut rows = vec![row(["stage", "layers", "margin", "prominence", "input"])];
    let mut first = 0;
    for (number, stage) in model.stages().iter().enumerate() {
        let next = first + usize::from(stage.layers);
        let (margin, prominence) = (margin(stage.margin), grouped(stage.prominence as usize));
        let input = shrunk(model.input_of(number)).unwrap_or_else(|| "whole".to_owned());
        let layers = format!("{first} to {}", next - 1);
        rows.push(vec![(number + 1).to_string(), layers, margin, prominence, input]);
        first = next;
    }
    format!(
        "stages are asked in turn until the greatest logit is so far above the second greatest (margin)\n\
         and above all others together (prominence)\n\n{}\n",
        table::plain(&rows)
    )
}

/// What a network makes of the image; `None` if it takes it as it is.
pub(crate) fn shrunk(input: Input) -> Option<String> {
    let ([crop, _], [pool, _]) = (input.crop, input.pool);
    let [width, height] = input.size();
    let is_whole = input.inputs() == input.pixels();
    (!is_whole).then(|| format!("cropped by {crop}, pooled by {pool} to {width}x{height}"))
}
