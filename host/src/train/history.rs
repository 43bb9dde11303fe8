//! The losses and accuracies of each epoch, and which epoch was the best.

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::Keep;

/// Measures of one epoch. Losses are mean cross-entropies in nats, accuracies go from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: usize,
    /// Over the training images in the epoch, with dropout.
    pub train_loss: f32,
    /// Over the training images in the epoch, with dropout.
    pub train_accuracy: f32,
    /// Over the validation images after the epoch, without dropout.
    pub validation_loss: f32,
    /// Over the validation images after the epoch, without dropout.
    pub validation_accuracy: f32,
    /// Wall time of the epoch in seconds.
    pub seconds: f32,
}

/// Why training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// All epochs were trained: none, of a network that was imported.
    Epochs,
    /// The validation loss has not fallen for as many epochs as patience allows.
    Patience,
}

/// The epochs so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// In order, from the first.
    #[serde(deserialize_with = "sound")]
    pub epochs: Vec<Epoch>,
    /// Why training ended; `None` while it goes on or is interrupted.
    pub end: Option<End>,
    /// How the checkpoint is selected.
    pub keep: Keep,
    /// The first epoch that may be selected, counted from 1.
    pub from: usize,
    /// The mark of a run's file, which older ones lack.
    #[serde(default, skip_serializing)]
    pub written_by: IgnoredAny,
}

/// Reads epochs that are numbered from 1 and whose measures are such: charts and the selection of the
/// best epoch rely on it.
fn sound<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Epoch>, D::Error> {
    let epochs = Vec::<Epoch>::deserialize(from)?;
    for (number, found) in (1..).zip(&epochs) {
        if found.epoch != number {
            let found = found.epoch;
            return Err(D::Error::custom(format!("epoch {found} is in the place of {number}")));
        }
        for (name, value, most) in [
            ("train_loss", found.train_loss, f32::MAX),
            ("train_accuracy", found.train_accuracy, 1.0),
            ("validation_loss", found.validation_loss, f32::MAX),
            ("validation_accuracy", found.validation_accuracy, 1.0),
            ("seconds", found.seconds, f32::MAX),
        ] {
            if !(0.0..=most).contains(&value) {
                let expected = if most == 1.0 { "from 0 to 1" } else { "finite and at least 0" };
                return Err(D::Error::custom(format!(
                    "{name} of epoch {number} is {value}, but must be {expected}"
                )));
            }
        }
    }
    Ok(epochs)
}

impl History {
    /// The selected epoch: the last, or the first of the lowest validation loss. Before epoch
    /// `from` it is selected among all.
    pub fn best(&self) -> Option<&Epoch> {
        if self.keep == Keep::Last {
            return self.epochs.last();
        }
        let legal = self.epochs.get(self.from.saturating_sub(1)..).unwrap_or_default();
        let among = if legal.is_empty() { &self.epochs } else { legal };
        among.iter().min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss))
    }

    /// Wall time of all epochs in seconds.
    pub fn seconds(&self) -> f32 {
        self.epochs.iter().map(|epoch| epoch.seconds).sum()
    }

    /// Why training ends after these epochs, if it does; with a patience of 0 it does not end
    /// early.
    pub(crate) fn ends(&self, epochs: usize, patience: usize) -> Option<End> {
        let best = self.best()?.epoch;
        if self.epochs.len() >= epochs {
            return Some(End::Epochs);
        }
        // Patience begins with the first epoch that may be selected.
        let waited = self.epochs.len().saturating_sub(best.max(self.from.saturating_sub(1)));
        (patience > 0 && waited >= patience).then_some(End::Patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(losses: &[f32]) -> History {
        let epoch = |(index, &validation_loss)| Epoch {
            epoch: index + 1,
            train_loss: 0.0,
            train_accuracy: 0.0,
            validation_loss,
            validation_accuracy: 0.0,
            seconds: 0.5,
        };
        let epochs = losses.iter().enumerate().map(epoch).collect();
        History { epochs, ..History::default() }
    }

    #[test]
    fn a_history_of_others_has_finite_measures_of_epochs_in_order() {
        let text = serde_json::to_string(&history(&[0.5, 0.25])).unwrap();
        let read = |from: &str, to: &str| serde_json::from_str::<History>(&text.replace(from, to));
        assert_eq!(read("", "").unwrap(), history(&[0.5, 0.25]));
        for (from, to, expected) in [
            (
                "0.25",
                "1e39",
                "validation_loss of epoch 2 is inf, but must be finite and at least 0",
            ),
            ("0.25", "-0.25", "validation_loss of epoch 2 is -0.25, but must be finite"),
            ("\"epoch\":2", "\"epoch\":7", "epoch 7 is in the place of 2"),
            (
                "_accuracy\":0.0",
                "_accuracy\":1.5",
                "train_accuracy of epoch 1 is 1.5, but must be from",
            ),
        ] {
            let error = read(from, to).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn patience_counts_from_the_first_lowest_loss() {
        assert_eq!(history(&[0.5, 0.3, 0.4, 0.3]).best().unwrap().epoch, 2);
        assert_eq!(history(&[0.5, 0.3, 0.4, 0.3]).ends(20, 3), None);
        assert_eq!(history(&[0.5, 0.3, 0.4, 0.3, 0.5]).ends(20, 3), Some(End::Patience));
        assert_eq!(history(&[0.5, 0.3]).ends(2, 3), Some(End::Epochs));
        assert_eq!(history(&[0.3, 0.5, 0.5, 0.5]).ends(20, 0), None);
    }

    #[test]
    fn the_last_epoch_or_the_best_from_some_epoch_on_is_kept() {
        let mut history = history(&[0.1, 0.3, 0.2, 0.4]);
        history.from = 2;
        assert_eq!(history.best().unwrap().epoch, 3);
        assert_eq!(history.ends(20, 1), Some(End::Patience));
        history.from = 4;
        assert_eq!(history.ends(20, 1), None);
        history.from = 5;
        assert_eq!(history.best().unwrap().epoch, 1);
        history.keep = Keep::Last;
        assert_eq!(history.best().unwrap().epoch, 4);
    }
}
