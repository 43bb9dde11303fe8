//! The summary at the top of a report, in sentences.

use super::facts::{BoardFit, Facts};
use super::stages::fraction;
use super::text::significance;
use crate::device::board::TooLarge;
use crate::evaluate::significance::{mcnemar, wilson};
use crate::evaluate::stages::StageCounts;
use crate::support::numbers::{counted, grouped, list, percent};

/// A question that a reader has, and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: &'static str,
    /// The answer in sentences.
    pub answer: String,
}

/// Accuracy, mistakes, confidence, refusal, the effect of quantization, and the boards that the model fits.
pub fn summary(facts: &Facts<'_>) -> Vec<Answer> {
    let answers = [
        ("How accurate is it?", accuracy(facts)),
        ("Where is it wrong?", mistakes(facts)),
        ("How reliable is its confidence?", confidence(facts)),
        ("Does it refuse what is none of its classes?", refusal(facts)),
        ("What did quantization change?", quantization(facts)),
        ("Which boards does it fit?", boards(facts)),
    ];
    let in_turn = stages(facts).map(|answer| ("How often does each stage decide?", answer));
    let answers = answers.into_iter().chain(in_turn);
    answers.map(|(question, answer)| Answer { question, answer }).collect()
}

/// Nothing if the model has one.
fn stages(facts: &Facts<'_>) -> Option<String> {
    let counts = Some(&facts.stages).filter(|counts| counts.len() > 1)?;
    let decides = |(number, counts): (usize, &StageCounts)| {
        let &StageCounts { decided, correct, .. } = counts;
        let of_all = fraction(decided, facts.result.images);
        let right = match decided {
            0 => String::new(),
            _ => format!(", of which it reads {} right", fraction(correct, decided)),
        };
        format!("stage {} decides {of_all}{right}", number + 1)
    };
    let each: Vec<String> = counts.iter().enumerate().map(decides).collect();
    Some(format!(
        "Its {} networks are asked in turn, until one is sure enough. Of the test images, {}.",
        counts.len(),
        each.join("; ")
    ))
}

fn accuracy(facts: &Facts<'_>) -> String {
    let (images, correct) = (facts.result.images, facts.result.correct);
    let (low, high) = wilson(correct, images);
    let wrong = match images - correct {
        0 => "none of them".to_owned(),
        wrong if 2 * wrong > images => grouped(wrong),
        wrong => format!("{}, one in {}", grouped(wrong), grouped(images / wrong)),
    };
    format!(
        "It classifies {} of {} correctly and is wrong about {wrong}. On other images of the same \
         kind, expect {} to {} (95 % confidence).",
        percent(facts.result.accuracy),
        counted(images, "test image", "test images"),
        percent(low),
        percent(high)
    )
}

fn mistakes(facts: &Facts<'_>) -> String {
    let result = &facts.result;
    let Some(&(truth, class, count)) = result.confusions().first() else {
        return "It makes no mistake on these images.".to_owned();
    };
    let seen = result.per_class.iter().filter(|score| score.support > 0);
    let weakest = seen.min_by(|a, b| a.recall.total_cmp(&b.recall)).map(|weakest| {
        let recall = percent(weakest.recall);
        format!("It has the lowest recall for the class {}: {recall}. ", weakest.label)
    });
    format!(
        "{}Its most frequent mistake is to read {} as {}: {}.",
        weakest.unwrap_or_default(),
        result.classes[truth],
        result.classes[class],
        counted(count, "time", "times")
    )
}

fn confidence(facts: &Facts<'_>) -> String {
    let mean = facts.predictions.iter().map(|prediction| prediction.confidence).sum::<f64>()
        / facts.predictions.len().max(1) as f64;
    let (low, high) = wilson(facts.result.correct, facts.result.images);
    let verdict = match mean {
        mean if mean > high => "it is overconfident",
        mean if mean < low => "it is underconfident",
        _ => "the two agree",
    };
    format!(
        "Its mean confidence is {}, its accuracy {}: {verdict}. In each tenth of the confidence \
         range, confidence and accuracy differ by {} on average.",
        percent(mean),
        percent(facts.result.accuracy),
        percent(facts.calibration.error)
    )
}

fn refusal(facts: &Facts<'_>) -> String {
    let found = &facts.refusal;
    if facts.model.stages().last().is_none_or(|stage| stage.prominence == 0) {
        return "It has no threshold: it takes everything for one of its classes.".to_owned();
    }
    let kinds: Vec<String> = found
        .refused
        .iter()
        .map(|refused| format!("{} of {}", percent(refused.fraction), refused.kind))
        .collect();
    let accepts = format!(
        "It accepts {} of the test images and refuses the others, though most are of a class.",
        percent(found.accepted)
    );
    match kinds.is_empty() {
        true => accepts,
        false => {
            let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
            format!("{accepts} Of generated images that are of none it refuses {}.", list(&kinds))
        }
    }
}

fn quantization(facts: &Facts<'_>) -> String {
    let bits = format!("The weights have {} bits.", bits(facts));
    let Some(found) = &facts.quantization else {
        return format!(
            "{bits} A model alone does not record what that changed: make the report of its \
             training run."
        );
    };
    let points = 100.0 * (facts.result.accuracy - found.float.accuracy);
    let changed = match found.better + found.worse {
        0 => "It is right and wrong about the same images as before.".to_owned(),
        _ => format!(
            "It is now wrong about {} that it was right about, and right about {} that it was wrong \
             about: {}.",
            counted(found.worse, "image", "images"),
            if found.better == 0 { "none".to_owned() } else { grouped(found.better) },
            significance(mcnemar(found.worse, found.better))
        ),
    };
    format!(
        "{bits} Accuracy changed from {} to {} ({points:+.2} points). {changed}",
        percent(found.float.accuracy),
        percent(facts.result.accuracy)
    )
}

/// Bits of a weight: `8`, or `8, 4 and 4` where layers differ.
fn bits(facts: &Facts<'_>) -> String {
    let label = crate::quantize::bits::of_model(facts.model);
    list(&label.split('/').collect::<Vec<_>>())
}

fn boards(facts: &Facts<'_>) -> String {
    let (fits, others): (Vec<&BoardFit>, Vec<&BoardFit>) =
        facts.boards.iter().partition(|fit| fit.error.is_none());
    let names = |fits: &[&BoardFit]| {
        list(&fits.iter().map(|fit| fit.board.name.as_str()).collect::<Vec<_>>())
    };
    let found = if fits.is_empty() {
        format!("fits none of the boards: {}", excesses(&others))
    } else if others.is_empty() {
        format!("fits every board: {}", names(&fits))
    } else {
        format!("fits {}, but not {}: {}", names(&fits), names(&others), excesses(&others))
    };
    format!(
        "It has {} bytes and {found}. Zeros are skipped: an image takes {} of {} multiplications on \
         average.",
        grouped(facts.blob.bytes().len()),
        grouped(facts.activity.macs() as usize),
        grouped(facts.activity.all_macs())
    )
}

/// The limits of boards that a model exceeds, each with the greatest value among these boards.
fn excesses(boards: &[&BoardFit]) -> String {
    let mut limits: Vec<(&str, usize, usize)> = Vec::new();
    for fit in boards {
        let Some(TooLarge { what, found, limit, .. }) = &fit.error else { continue };
        match limits.iter_mut().find(|(known, ..)| known == what) {
            Some((.., greatest)) => *greatest = (*greatest).max(*limit),
            None => limits.push((what, *found, *limit)),
        }
    }
    let text = limits.iter().map(|(what, found, limit)| {
        format!("it has {} {what}, the limit is {}", grouped(*found), grouped(*limit))
    });
    let text: Vec<String> = text.collect();
    list(&text.iter().map(String::as_str).collect::<Vec<_>>())
}
