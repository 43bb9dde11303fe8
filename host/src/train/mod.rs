//! Training: burn differentiates, the rest of a step is plain loops.
//!
//! All random numbers belong to a seed and to a place (epoch, batch), so a [`State`] needs none to
//! be continued, and what is computed does not depend on how many threads there are.

pub mod adam;
pub mod history;
mod pair;
pub mod qat;
mod step;

use std::time::Instant;

use crate::config::{ConfigError, TrainConfig};
use crate::data::Images;
use crate::net::Mlp;
use crate::rng::Rng;
use adam::Adam;
use history::{Epoch, History};
use step::{Context, Tally};

/// Uses of the seed, so that each has random numbers of its own.
mod stream {
    pub(super) const WEIGHTS: u64 = 1;
    pub(super) const SPLIT: u64 = 2;
    pub(super) const ORDER: u64 = 3;
    pub(super) const DROPOUT: u64 = 4;
}

/// Images evaluated at a time. Part of what is computed: the sums are added in this order.
const EVALUATION_BATCH: usize = 500;

/// Training that cannot start or go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// The configuration is not legal.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The images do not allow it.
    #[error("the training images cannot be used: {0}")]
    Images(String),
    /// A loss is infinite or not a number.
    #[error(
        "training diverged: the {part} loss of epoch {epoch} is {loss}, but must be finite; take \
         a lower learning rate"
    )]
    Diverged {
        /// "training" or "validation".
        part: &'static str,
        /// Counted from 1.
        epoch: usize,
        /// The loss.
        loss: f32,
    },
}

/// Everything that changes from epoch to epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The parameters after the last epoch.
    pub last: Mlp,
    /// The parameters after the best epoch.
    pub best: Mlp,
    /// The optimizer after the last epoch.
    pub adam: Adam,
    /// The epochs so far.
    pub history: History,
}

/// A network in training.
pub struct Trainer<'a> {
    config: TrainConfig,
    context: Context<'a>,
    train: Vec<u32>,
    validation: Vec<u32>,
    state: State,
}

impl<'a> Trainer<'a> {
    /// A network with random weights.
    ///
    /// # Errors
    ///
    /// [`TrainError::Config`] and [`TrainError::Images`].
    pub fn new(
        config: &TrainConfig,
        images: &'a Images,
        classes: usize,
    ) -> Result<Self, TrainError> {
        check_sizes(config, images.side, images.len())?;
        check_labels(images, classes)?;
        let widths = config.widths(images.side * images.side, classes);
        let network = Mlp::glorot(&widths, &mut Rng::new(config.seed, &[stream::WEIGHTS]));
        let state = State {
            best: network.clone(),
            last: network,
            adam: Adam::new(&widths),
            history: History::default(),
        };
        Self::resume(config, images, classes, state)
    }

    /// A network that has been trained for some epochs with this configuration and these images.
    ///
    /// # Errors
    ///
    /// As [`Trainer::new`].
    pub fn resume(
        config: &TrainConfig,
        images: &'a Images,
        classes: usize,
        state: State,
    ) -> Result<Self, TrainError> {
        check_sizes(config, images.side, images.len())?;
        check_labels(images, classes)?;
        let device = config.backend.device().map_err(ConfigError::from)?;
        let (train, validation) = split(images.len(), config);
        let context = Context { images, classes, dropout: config.dropout, device };
        Ok(Self { config: config.clone(), context, train, validation, state })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The state after the last whole epoch.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The state after the last whole epoch, to keep.
    #[must_use]
    pub fn into_state(self) -> State {
        self.state
    }

    /// Trains one epoch and measures it. `progress` gets batches done and batches of the epoch.
    ///
    /// # Errors
    ///
    /// [`TrainError::Diverged`]; the state is then of no use.
    pub fn epoch(&mut self, mut progress: impl FnMut(usize, usize)) -> Result<Epoch, TrainError> {
        let start = Instant::now();
        let number = self.state.history.epochs.len() + 1;
        let place = |stream, batch: usize| {
            Rng::new(self.config.seed, &[stream, number as u64, batch as u64])
        };
        let mut order = self.train.clone();
        place(stream::ORDER, 0).shuffle(&mut order);
        let mut network = self.state.last.clone();
        let mut tally = Tally::default();
        let batches = order.chunks(self.config.batch);
        let total = batches.len();
        for (index, batch) in batches.enumerate() {
            let net = network.into_net(&self.context.device);
            let mut rng = place(stream::DROPOUT, index);
            let (measured, gradients) = self.context.gradients(&net, batch, &mut rng);
            network = net.into_mlp();
            let rate = self.config.learning_rate;
            self.state.adam.step(&self.config.adam, rate, &mut network, gradients.each_ref());
            tally = tally.plus(measured);
            progress(index + 1, total);
        }
        let (train_loss, train_accuracy) = measures("training", number, tally)?;
        self.state.last = network;
        let (validation_loss, validation_accuracy) =
            measures("validation", number, self.evaluate(&self.validation))?;
        let epoch = Epoch {
            epoch: number,
            train_loss,
            train_accuracy,
            validation_loss,
            validation_accuracy,
            seconds: start.elapsed().as_secs_f32(),
        };
        let history = &mut self.state.history;
        history.epochs.push(epoch.clone());
        history.end = history.ends(self.config.epochs, self.config.patience);
        if history.best().is_some_and(|best| best.epoch == number) {
            self.state.best.clone_from(&self.state.last);
        }
        Ok(epoch)
    }

    fn evaluate(&self, indices: &[u32]) -> Tally {
        let net = self.state.last.clone().into_net(&self.context.device);
        let evaluate = |indices: &[u32]| {
            let batches = indices.chunks(EVALUATION_BATCH);
            batches
                .map(|batch| self.context.evaluate(&net, batch))
                .fold(Tally::default(), Tally::plus)
        };
        let (first, second) = indices.split_at(indices.len().div_ceil(2));
        let (first, second) = pair::join(|| evaluate(first), || evaluate(second));
        first.plus(second)
    }
}

/// Mean loss and accuracy.
fn measures(part: &'static str, epoch: usize, tally: Tally) -> Result<(f32, f32), TrainError> {
    let images = tally.images as f64;
    let loss = (tally.loss / images) as f32;
    if !loss.is_finite() {
        return Err(TrainError::Diverged { part, epoch, loss });
    }
    Ok((loss, (tally.correct as f64 / images) as f32))
}

/// Checks that a configuration can be trained on so many images of that edge.
///
/// # Errors
///
/// [`TrainError::Config`] and [`TrainError::Images`].
pub fn check_sizes(config: &TrainConfig, side: usize, images: usize) -> Result<(), TrainError> {
    config.validate()?;
    let pixels = side.saturating_mul(side);
    if !(1..=inkbit_core::MAX_WIDTH).contains(&pixels) {
        return Err(TrainError::Images(format!(
            "they have {pixels} pixels, but must have from 1 to {}; take smaller images",
            inkbit_core::MAX_WIDTH
        )));
    }
    if u32::try_from(images).is_err() {
        return Err(TrainError::Images(format!("there are {images}, more than 2^32 - 1")));
    }
    let kept = held_out(images, config);
    if kept == 0 || kept == images {
        return Err(TrainError::Images(format!(
            "of {images}, a validation_split of {} leaves {} to train on and {kept} to choose by, \
             but each must be at least 1",
            config.validation_split,
            images - kept
        )));
    }
    Ok(())
}

fn check_labels(images: &Images, classes: usize) -> Result<(), TrainError> {
    match images.labels.iter().find(|&&label| usize::from(label) >= classes) {
        Some(label) => Err(TrainError::Images(format!(
            "one has the label {label}, but there are {classes} classes, counted from 0"
        ))),
        None => Ok(()),
    }
}

/// The images that a configuration keeps apart from training, to choose by.
#[must_use]
pub fn validation_images(images: &Images, config: &TrainConfig) -> Images {
    let (_, validation) = split(images.len(), config);
    let indices = || validation.iter().map(|&index| index as usize);
    Images {
        side: images.side,
        pixels: indices().flat_map(|index| images.image(index)).copied().collect(),
        labels: indices().map(|index| images.labels[index]).collect(),
    }
}

/// Indices of the images to train on and of those to choose the best epoch by.
fn split(images: usize, config: &TrainConfig) -> (Vec<u32>, Vec<u32>) {
    let mut train: Vec<u32> = (0..images as u32).collect();
    Rng::new(config.seed, &[stream::SPLIT]).shuffle(&mut train);
    let validation = train.split_off(images - held_out(images, config));
    train.sort_unstable();
    (train, validation)
}

/// How many images are kept apart to choose the best epoch by.
fn held_out(images: usize, config: &TrainConfig) -> usize {
    (images as f64 * config.validation_split).round() as usize
}
