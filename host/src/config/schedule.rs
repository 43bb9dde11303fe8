//! The learning rate of each step.

use std::f64::consts::PI;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How the learning rate changes after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It does not.
    Constant,
    /// Down to almost 0 along half a cosine wave (Loshchilov and Hutter, 2017).
    Cosine,
}

impl Schedule {
    /// The factor for a step, counted from 0, of so many; over the share `warmup` of them it rises
    /// in a straight line.
    pub fn factor(self, step: u64, steps: u64, warmup: f32) -> f64 {
        let (step, steps) = (step as f64, steps as f64);
        let rising = (steps * f64::from(warmup)).floor();
        if step < rising {
            return (step + 1.0) / rising;
        }
        match self {
            Self::Constant => 1.0,
            Self::Cosine => {
                let part = (step - rising) / (steps - rising).max(1.0);
                (1.0 + (PI * part.min(1.0)).cos()) / 2.0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_stays_or_falls_to_almost_nothing() {
        let factors = |schedule: Schedule, warmup| -> Vec<f64> {
            (0..10).map(|step| schedule.factor(step, 10, warmup)).collect()
        };
        assert_eq!(factors(Schedule::Constant, 0.0), [1.0; 10]);
        assert_eq!(factors(Schedule::Constant, 0.2)[..3], [0.5, 1.0, 1.0]);
        let cosine = factors(Schedule::Cosine, 0.2);
        assert_eq!(cosine[..3], [0.5, 1.0, 1.0]);
        assert!((cosine[6] - 0.5).abs() < 1e-9, "{cosine:?}");
        assert!(cosine[2..].windows(2).all(|pair| pair[0] > pair[1]), "{cosine:?}");
        assert!(cosine[9] > 0.0 && cosine[9] < 0.04, "{cosine:?}");
    }
}
