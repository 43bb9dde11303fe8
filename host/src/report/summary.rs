//! What a report says before it shows anything: plain sentences.

use super::facts::{Facts, Fit};
use crate::device::board::BoardError;
use crate::device::cost::Cost;
use crate::evaluate::significance::{mcnemar, wilson};
use crate::support::numbers::{chance, counted, grouped, list, percent};

/// A heading and what is said below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// A question that a reader has.
    pub question: &'static str,
    /// The answer.
    pub answer: String,
}

/// How good the model is, where it errs, what quantization cost, and which board it fits.
#[must_use]
pub fn summary(facts: &Facts<'_>) -> Vec<Point> {
    let point = |question, answer| Point { question, answer };
    vec![
        point("How good is it?", accuracy(facts)),
        point("Where does it err?", mistakes(facts)),
        point("Can its confidence be believed?", confidence(facts)),
        point("What did quantization cost?", quantization(facts)),
        point("Which board does it fit?", boards(facts)),
    ]
}

fn accuracy(facts: &Facts<'_>) -> String {
    let result = &facts.result;
    let (images, wrong) = (result.images, result.images - result.correct);
    let (low, high) = wilson(result.correct, images);
    let errs = match wrong {
        0 => "errs on none of them".to_owned(),
        wrong if 2 * wrong > images => format!("errs on {}", grouped(wrong)),
        wrong => format!("errs on {}, one in {}", grouped(wrong), grouped(images / wrong)),
    };
    format!(
        "It reads {} of {} right and {errs}. On other images of the same kind, expect from {} to {} \
         (95 % confidence).",
        percent(result.accuracy),
        counted(images, "test image", "test images"),
        percent(low),
        percent(high)
    )
}

fn mistakes(facts: &Facts<'_>) -> String {
    let result = &facts.result;
    let Some(&(truth, class, count)) = result.confusions().first() else {
        return "On these images it makes no mistake.".to_owned();
    };
    let (truth, class) = (&result.classes[truth], &result.classes[class]);
    let seen = result.per_class.iter().filter(|score| score.support > 0);
    let worst = seen.min_by(|a, b| a.recall.total_cmp(&b.recall));
    let weakest = worst.map_or_else(String::new, |worst| {
        format!(
            "It finds the class {} least often: {} of them. ",
            worst.label,
            percent(worst.recall)
        )
    });
    let times = counted(count, "time", "times");
    format!("{weakest}Its most frequent mistake is to take {truth} for {class}: {times}.")
}

fn confidence(facts: &Facts<'_>) -> String {
    let error = facts.calibration.error;
    let mean = facts.predictions.iter().map(|prediction| prediction.confidence).sum::<f64>()
        / facts.predictions.len().max(1) as f64;
    let (low, high) = wilson(facts.result.correct, facts.result.images);
    let tendency = match mean {
        mean if mean > high => "more sure than it should be",
        mean if mean < low => "less sure than it could be",
        _ => "about as sure as it should be",
    };
    format!(
        "On average it is {} sure of what it says, and {} of that is right: it is {tendency}. \
         Taken tenth by tenth, confidence and accuracy differ by {} on average.",
        percent(mean),
        percent(facts.result.accuracy),
        percent(error)
    )
}

fn quantization(facts: &Facts<'_>) -> String {
    let bits = bits(facts);
    let Some(cost) = &facts.cost else {
        return format!(
            "The weights have {bits}. What that cost cannot be told from a model alone: make the \
             report of its training run."
        );
    };
    let points = 100.0 * (facts.result.accuracy - cost.float.accuracy);
    let changed = match cost.better + cost.worse {
        0 => "It is right and wrong about the same images as before.".to_owned(),
        _ => {
            let p = mcnemar(cost.worse, cost.better);
            let verdict =
                if p < 0.05 { "more than chance explains" } else { "no more than chance" };
            format!(
                "It is now wrong about {} that it was right about, and right about {} that it was \
                 wrong about, which is {verdict} (McNemar's test, {}).",
                counted(cost.worse, "image", "images"),
                if cost.better == 0 { "none".to_owned() } else { grouped(cost.better) },
                chance(p)
            )
        }
    };
    format!(
        "The weights have {bits}. Accuracy went from {} to {} ({points:+.2} points). {changed}",
        percent(cost.float.accuracy),
        percent(facts.result.accuracy)
    )
}

/// Bits of the weights: `8 bits`, or `8, 4 and 4 bits` where layers differ.
#[must_use]
pub(crate) fn bits(facts: &Facts<'_>) -> String {
    let mut bits: Vec<String> =
        facts.model.layers().iter().map(|layer| layer.shape().bits.to_string()).collect();
    if bits.iter().all(|of_layer| *of_layer == bits[0]) {
        bits.truncate(1);
    }
    let bits: Vec<&str> = bits.iter().map(String::as_str).collect();
    format!("{} bits", list(&bits))
}

fn boards(facts: &Facts<'_>) -> String {
    let (fits, others): (Vec<&Fit>, Vec<&Fit>) =
        facts.boards.iter().partition(|fit| fit.obstacle.is_none());
    let names =
        |fits: &[&Fit]| list(&fits.iter().map(|fit| fit.board.name.as_str()).collect::<Vec<_>>());
    let work = format!(
        "Zeros are skipped: an image takes {} of {} multiplications on average.",
        grouped(facts.activity.macs() as usize),
        grouped(facts.activity.all_macs())
    );
    let bytes = grouped(facts.blob.bytes().len());
    let found = if fits.is_empty() {
        format!("It has {bytes} bytes and fits none of the boards: {}.", obstacles(&others))
    } else if others.is_empty() {
        format!("It has {bytes} bytes and fits every board: {}.", names(&fits))
    } else {
        format!(
            "It has {bytes} bytes and fits {}, but not {}: {}.",
            names(&fits),
            names(&others),
            obstacles(&others)
        )
    };
    format!("{found} {work}")
}

/// What boards have too little of, each thing once.
fn obstacles(boards: &[&Fit]) -> String {
    let mut most: Vec<(&str, usize, usize)> = Vec::new();
    for fit in boards {
        let Some(BoardError::TooLarge { what, found, limit, .. }) = &fit.obstacle else { continue };
        match most.iter_mut().find(|(known, ..)| known == what) {
            Some((.., most)) => *most = (*most).max(*limit),
            None => most.push((what, *found, *limit)),
        }
    }
    let each = most.iter().map(|(what, found, limit)| {
        format!("it has {} {what} where the most are {}", grouped(*found), grouped(*limit))
    });
    let each: Vec<String> = each.collect();
    list(&each.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What an inference costs on a board, in words: instructions, and the time that the real part takes
/// at least if it exists.
#[must_use]
pub(crate) fn cost(cost: Cost) -> String {
    let number = grouped(cost.instructions.round() as usize);
    let instructions = match cost.error {
        None => format!("{number} instructions (counted)"),
        Some(_) => format!("about {number} instructions (estimated)"),
    };
    let time = cost.seconds().zip(cost.clock).map_or_else(String::new, |(seconds, clock)| {
        format!(", at least {:.2} ms at {} MHz", 1e3 * seconds, f64::from(clock) / 1e6)
    });
    instructions + &time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_said_with_the_time_that_it_takes_at_least() {
        let cost = Cost { instructions: 23_367.4, error: Some(0.01), clock: Some(16_000_000) };
        assert_eq!(
            super::cost(cost),
            "about 23,367 instructions (estimated), at least 1.46 ms at 16 MHz"
        );
    }
}
