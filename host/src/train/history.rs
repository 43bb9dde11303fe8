//! The losses and accuracies of each epoch, and which epoch was the best.

use serde::{Deserialize, Serialize};

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
    /// All epochs were trained.
    Epochs,
    /// The validation loss has not fallen for as many epochs as patience allows.
    Patience,
}

/// The epochs so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// In order, from the first.
    pub epochs: Vec<Epoch>,
    /// Why training ended; `None` while it goes on or is interrupted.
    pub end: Option<End>,
    /// How the checkpoint is selected.
    pub keep: Keep,
    /// The first epoch that may be selected, counted from 1.
    pub from: usize,
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
