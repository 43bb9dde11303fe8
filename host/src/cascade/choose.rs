//! Chooses the margins from which answers stand.

use std::cmp::Reverse;

use super::trial::Trial;
use crate::evaluate::stages::StageCounts;

/// What margins are to give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The least cost at which there are still this many right answers: the given fraction, from 0 to 1, of
    /// as many as the last network has alone. Above 1 no image is decided before the last stage.
    KeepAccuracy(f64),
    /// The most right answers at this mean cost of an image; of equally many, those with the greatest
    /// cost, for on other images a larger network is right more often.
    MaxCost(f64),
}

/// Margins, and what they give on the images that they were chosen on.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// One for each stage; 0 for the last.
    pub margins: Vec<u32>,
    /// What each stage decides.
    pub counts: Vec<StageCounts>,
    /// Mean cost of an image, in the unit of the stages' costs.
    pub cost: f64,
}

/// A cost that no margins reach.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the least mean cost is {least:.0}, with every margin at 0")]
pub struct Unreachable {
    /// The least mean cost.
    pub least: f64,
}

/// The mean cost of an image, and how many are right.
type Outcome = (f64, usize);

impl Choice {
    /// All right answers.
    pub fn all_right(&self) -> usize {
        self.counts.iter().map(|counts| counts.correct).sum()
    }

    fn of(stages: &[Vec<Trial>], costs: &[f64], margins: Vec<u32>) -> Self {
        let mut counts = vec![StageCounts::default(); stages.len()];
        let images = stages.first().map_or(0, Vec::len);
        for image in 0..images {
            let stage = deciding(stages, &margins, image, 0);
            counts[..=stage].iter_mut().for_each(|counts| counts.asked += 1);
            counts[stage].decided += 1;
            counts[stage].correct += usize::from(stages[stage][image].is_right);
        }
        let all: f64 =
            counts.iter().zip(costs).map(|(counts, cost)| counts.asked as f64 * cost).sum();
        Self { margins, counts, cost: all / images.max(1) as f64 }
    }

    fn outcome(&self) -> Outcome {
        (self.cost, self.all_right())
    }
}

/// The stage that decides an image, of those from `first` on.
fn deciding(stages: &[Vec<Trial>], margins: &[u32], image: usize, first: usize) -> usize {
    let last = stages.len() - 1;
    let stands = |&number: &usize| {
        stages[number][image].margin.is_some_and(|found| found >= margins[number])
    };
    (first..last).find(stands).unwrap_or(last)
}

/// The margins that reach the target on images of known class.
///
/// `stages` has for each stage its trials of the same images, `costs` for each what it costs to ask it
/// about an image, in any unit.
///
/// One margin after the other is set to the best of all values that make a difference, with the others as
/// they are, until none changes. With two stages, that is the best there is.
///
/// ```
/// use inkbit::cascade::{Target, Trial, choose};
/// let trial = |margin, is_right| Trial { margin: Some(margin), is_right };
/// let small = vec![trial(9, true), trial(8, true), trial(5, false), trial(7, true)];
/// let large = vec![trial(1, true); 4];
/// let found = choose(&[small, large], &[1.0, 10.0], Target::KeepAccuracy(1.0))?;
/// assert_eq!((&found.margins[..], found.counts[0].decided, found.cost), (&[6, 0][..], 3, 3.5));
/// # Ok::<_, inkbit::cascade::Unreachable>(())
/// ```
///
/// # Errors
///
/// [`Unreachable`] if no margins are cheap enough.
///
/// # Panics
///
/// If there is no stage, or stages have trials of other numbers of images, or there are fewer costs than
/// stages.
pub fn choose(stages: &[Vec<Trial>], costs: &[f64], target: Target) -> Result<Choice, Unreachable> {
    let last = stages.len() - 1;
    let alone = stages[last].iter().filter(|trial| trial.is_right).count();
    let from = if matches!(target, Target::MaxCost(_)) { 0 } else { u32::MAX };
    let mut margins = vec![from; last];
    margins.push(0);
    let mut best = Choice::of(stages, costs, margins.clone()).outcome();
    if let Target::MaxCost(most) = target
        && best.0 > most
    {
        return Err(Unreachable { least: best.0 });
    }
    let is_better = |(cost, right): Outcome, (best_cost, best_right): Outcome| match target {
        Target::KeepAccuracy(fraction) => {
            right as f64 >= fraction * alone as f64 && (cost, best_right) < (best_cost, right)
        }
        Target::MaxCost(most) => cost <= most && (best_right, best_cost) < (right, cost),
    };
    loop {
        let before = best;
        // The last but one first: what it passes on is what the rest of the cost is for.
        for stage in (0..last).rev() {
            for (margin, found) in with_each_margin(stages, costs, &margins, stage) {
                if is_better(found, best) {
                    (best, margins[stage]) = (found, margin);
                }
            }
        }
        if best == before {
            return Ok(Choice::of(stages, costs, margins));
        }
    }
}

/// What each margin of a stage that makes a difference gives, the others as they are. A margin is in the
/// middle between those of two images: neither is at its edge.
fn with_each_margin(
    stages: &[Vec<Trial>],
    costs: &[f64],
    margins: &[u32],
    stage: usize,
) -> Vec<(u32, Outcome)> {
    let images = stages[0].len();
    let up_to = |stage: usize| costs[..=stage].iter().sum::<f64>();
    let (mut cost, mut right) = (0.0, 0);
    // Of each image that the stage may decide: its margin, and what changes if it does.
    let mut open: Vec<(u32, f64, isize)> = Vec::new();
    for image in 0..images {
        let earlier = deciding(stages, margins, image, 0);
        let is_open = earlier >= stage;
        let decides = if is_open { deciding(stages, margins, image, stage + 1) } else { earlier };
        let is_right = stages[decides][image].is_right;
        cost += up_to(decides);
        right += usize::from(is_right);
        if let Trial { margin: Some(margin), is_right: own } = stages[stage][image]
            && is_open
        {
            let more = isize::from(own) - isize::from(is_right);
            open.push((margin, up_to(decides) - up_to(stage), more));
        }
    }
    open.sort_unstable_by_key(|&(margin, ..)| Reverse(margin));
    let mean = |cost: f64| cost / images.max(1) as f64;
    let mut found = vec![(u32::MAX, (mean(cost), right))];
    for (place, &(margin, saved, more)) in open.iter().enumerate() {
        cost -= saved;
        right = right.saturating_add_signed(more);
        match open.get(place + 1) {
            Some(&(next, ..)) if next == margin => {}
            Some(&(next, ..)) => {
                found.push((next + (margin - next).div_ceil(2), (mean(cost), right)));
            }
            // All of them stand.
            None => found.push((0, (mean(cost), right))),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::rng::Rng;

    const COSTS: [f64; 3] = [1.0, 4.0, 20.0];

    /// Trials of networks that are right the more often, the later they are asked, and the surer they are.
    fn stages(count: usize, images: usize, seed: u64) -> Vec<Vec<Trial>> {
        let mut random = Rng::new(seed, &[]);
        let mut trial = |stage: usize| {
            let margin = random.below(12) as u32;
            let is_right = random.below(12) < margin as usize + 4 * stage + 3;
            Trial { margin: (random.below(20) > 0).then_some(margin), is_right }
        };
        (0..count).map(|stage| (0..images).map(|_| trial(stage)).collect()).collect()
    }

    /// Every choice of margins.
    fn all(stages: &[Vec<Trial>]) -> Vec<Choice> {
        let values = || (0..=12).chain([u32::MAX]);
        let margins: Vec<Vec<u32>> = match stages.len() {
            2 => values().map(|first| vec![first, 0]).collect(),
            _ => values().flat_map(|a| values().map(move |b| vec![a, b, 0])).collect(),
        };
        margins.into_iter().map(|margins| Choice::of(stages, &COSTS, margins)).collect()
    }

    #[test]
    fn of_two_stages_the_margin_is_the_best_of_all() {
        for seed in 0..40 {
            let stages = stages(2, 60, seed);
            let alone = stages[1].iter().filter(|trial| trial.is_right).count();
            for fraction in [1.0, 0.97, 0.9] {
                let least = fraction * alone as f64;
                let enough = all(&stages).into_iter().filter(|it| it.all_right() as f64 >= least);
                let best = enough.map(|it| it.cost).reduce(f64::min).unwrap();
                let found = choose(&stages, &COSTS, Target::KeepAccuracy(fraction)).unwrap();
                assert!((found.cost - best).abs() < 1e-9, "{seed}: {} {best}", found.cost);
                assert!(found.all_right() as f64 >= least);
                assert_eq!(found, Choice::of(&stages, &COSTS, found.margins.clone()));
            }
            for most in [1.7, 2.5, 4.0] {
                let cheap = all(&stages).into_iter().filter(|it| it.cost <= most);
                let best = |a: Choice, b: Choice| {
                    let order = |it: &Choice| (it.all_right(), it.cost);
                    if order(&b) > order(&a) { b } else { a }
                };
                let best = cheap.reduce(best).unwrap();
                let found = choose(&stages, &COSTS, Target::MaxCost(most)).unwrap();
                assert_eq!(found.all_right(), best.all_right(), "{seed}");
                assert!(
                    (found.cost - best.cost).abs() < 1e-9,
                    "{seed}: {} {}",
                    found.cost,
                    best.cost
                );
            }
        }
    }

    #[test]
    fn of_three_stages_margins_are_near_the_best_and_keep_the_target() {
        let mut more = 0.0;
        for seed in 0..40 {
            let stages = stages(3, 60, seed);
            let alone = stages[2].iter().filter(|trial| trial.is_right).count();
            let enough = all(&stages).into_iter().filter(|it| it.all_right() >= alone);
            let best = enough.map(|it| it.cost).reduce(f64::min).unwrap();
            let found = choose(&stages, &COSTS, Target::KeepAccuracy(1.0)).unwrap();
            assert!(found.all_right() >= alone && found.cost >= best - 1e-9);
            more += found.cost / best - 1.0;
            let found = choose(&stages, &COSTS, Target::MaxCost(6.0)).unwrap();
            let least = Choice::of(&stages, &COSTS, vec![0; 3]);
            assert!(found.cost <= 6.0 && found.all_right() >= least.all_right());
        }
        assert!(more / 40.0 < 0.1, "{more}");
    }

    #[test]
    fn what_no_margin_is_cheap_enough_for_is_told() {
        let stages = stages(2, 60, 1);
        let least = Choice::of(&stages, &COSTS, vec![0, 0]).cost;
        assert_eq!(choose(&stages, &COSTS, Target::MaxCost(0.5)), Err(Unreachable { least }));
        // No image is like a class to the first: all of them go on.
        let none = vec![Trial { margin: None, is_right: false }; 60];
        let found = choose(&[none, stages[1].clone()], &COSTS, Target::KeepAccuracy(0.5)).unwrap();
        assert_eq!((found.counts[0].decided, found.counts[1].asked), (0, 60));
    }
}
