//! A cascade as plain text.

use crate::cascade::{Choice, Trial};
use crate::device::Board;
use crate::device::cost::Cost;
use crate::evaluate::Evaluation;
use crate::evaluate::stages::StageShare;
use crate::report::table::{self, row};
use crate::report::text;
use crate::support::numbers::{grouped, percent};

/// A cascade, and what was measured of it.
pub(crate) struct Cascade {
    /// The files of its models.
    pub models: Vec<String>,
    /// What each makes of the validation images.
    pub stages: Vec<Vec<Trial>>,
    /// Whether no model was trained on these, as far as that is recorded.
    pub are_unseen: bool,
    /// The margins.
    pub choice: Choice,
    /// What asking each costs.
    pub costs: Costs,
    /// On the test images.
    pub test: Evaluation,
    /// What each stage decides of them.
    pub shares: Vec<StageShare>,
}

/// What asking each stage costs.
pub(crate) struct Costs {
    /// For a mean image.
    pub each: Vec<Cost>,
    /// Where that is counted in instructions; without one, it is multiplications.
    pub board: Option<Board>,
}

/// What each stage is asked and decides, the cost, and the accuracy on the test images.
pub(crate) fn text(found: &Cascade) -> String {
    let Cascade { models, stages, are_unseen, choice, costs, test, shares } = found;
    let images = stages.first().map_or(0, Vec::len);
    let fraction = |part: usize, whole: usize| percent(part as f64 / whole.max(1) as f64);
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
    for (stage, model) in models.iter().enumerate() {
        let right = stages[stage].iter().filter(|trial| trial.is_right).count();
        let is_last = stage + 1 == models.len();
        rows.push(vec![
            format!("{} {model}", stage + 1),
            fraction(choice.asked[stage], images),
            fraction(choice.decided[stage], images),
            match choice.decided[stage] {
                0 => "–".to_owned(),
                decided => fraction(choice.right[stage], decided),
            },
            fraction(right, images),
            if is_last { String::new() } else { text::margin(choice.margins[stage]) },
            number(costs.each[stage].instructions),
        ]);
    }
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
         {unit} of a mean image{on}; {} where every stage is asked\n\n\
         {} of the test images are read right ({} of {})\n\n{}\n",
        grouped(images),
        if *are_unseen { ", which no model was trained on" } else { "" },
        table::plain(&rows),
        number(most),
        percent(test.accuracy),
        grouped(test.correct),
        grouped(test.images),
        text::stages(shares)
    )
}
