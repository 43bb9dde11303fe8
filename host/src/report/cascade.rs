//! A cascade as plain text.

use inkbit_core::Model;

use crate::cascade::{Choice, Trial};
use crate::device::Board;
use crate::device::cost::Cost;
use crate::evaluate::stages::StageCounts;
use crate::report::stages::{self, fraction};
use crate::report::table::{self, row};
use crate::support::numbers::grouped;

/// A cascade, and what was measured of it.
pub(crate) struct Cascade<'a> {
    /// The files of its models.
    pub models: Vec<String>,
    /// The model that they became.
    pub model: &'a Model<'a>,
    /// What each makes of the validation images.
    pub trials: Vec<Vec<Trial>>,
    /// Whether no model was trained on these, as far as that is recorded.
    pub are_unseen: bool,
    /// The margins.
    pub choice: Choice,
    /// What asking each costs.
    pub costs: Costs,
    /// What each stage decides of the test images.
    pub counts: Vec<StageCounts>,
}

/// What asking each stage costs.
pub(crate) struct Costs {
    /// For a mean image.
    pub each: Vec<Cost>,
    /// Where that is counted in instructions; without one, it is multiplications.
    pub board: Option<Board>,
}

/// What each stage is asked and decides, the cost, and the accuracy on the test images.
pub(crate) fn text(found: &Cascade<'_>) -> String {
    let Cascade { models, model, trials, are_unseen, choice, costs, counts } = found;
    let images = trials.first().map_or(0, Vec::len);
    let number = |cost: f64| grouped(cost.round() as usize);
    let unit = if costs.board.is_some() { "instructions" } else { "multiplications" };
    let mut rows = vec![row([
        "stage",
        "asked of",
        "decides",
        "of these right",
        "alone right",
        "margin",
        unit,
    ])];
    for (stage, name) in models.iter().enumerate() {
        let right = trials[stage].iter().filter(|trial| trial.is_right).count();
        let StageCounts { asked, decided, correct } = choice.counts[stage];
        let is_last = stage + 1 == models.len();
        rows.push(vec![
            format!("{} {name}", stage + 1),
            fraction(asked, images),
            fraction(decided, images),
            fraction(correct, decided),
            fraction(right, images),
            if is_last { String::new() } else { stages::margin(model.stages()[stage].margin) },
            number(costs.each[stage].instructions),
        ]);
    }
    let correct = counts.iter().map(|counts| counts.correct).sum();
    let tested = counts.first().map_or(0, |first| first.asked);
    let all_right = fraction(choice.all_right(), images);
    rows.push(row(["cascade", "", "", &all_right, "", "", &number(choice.cost)]));
    let most: f64 = costs.each.iter().map(|cost| cost.instructions).sum();
    let kind = match costs.each.iter().all(|cost| cost.error.is_none()) {
        true => "by the counted mean of each stage",
        false => "estimated",
    };
    let on = match &costs.board {
        Some(board) => format!(" on {}, {kind}", board.name),
        None => String::new(),
    };
    format!(
        "chosen on {} validation images{}\n\n{}\n\
         {unit} in the mean of these images{on}; {} if every stage were asked of all of them\n\n\
         {} of the test images are read right ({} of {})\n\n{}\n",
        grouped(images),
        if *are_unseen { ", which no model was trained on" } else { "" },
        table::plain(&rows),
        number(most),
        fraction(correct, tested),
        grouped(correct),
        grouped(tested),
        stages::counts(counts)
    )
}
