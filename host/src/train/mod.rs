//! Training: burn differentiates, plain loops do the rest of a step.
//!
//! All random numbers belong to a seed and a place (epoch, batch), so training continues from a
//! [`State`] without any, and the result does not depend on the number of threads.

mod error;
mod feed;
mod first;
pub mod history;
mod norm;
pub mod optimizer;
mod outliers;
pub mod qat;
mod sparse;
mod split;
mod step;
pub mod timings;

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use inkbit_core::{Input, WeightBits};

use crate::config::{ConfigError, Init, TrainConfig};
use crate::data::Images;
use crate::net::{Mlp, Norm};
use crate::quantize::Granularity;
use crate::support::parallel::{self, Beside};
use crate::support::rng::Rng;
pub use error::TrainError;
use feed::Plan;
use first::Parted;
use history::{Epoch, History};
use optimizer::Adam;
use outliers::outliers;
pub(crate) use split::check_images;
use split::{check_labels, split};
pub use split::{check_sizes, validation_images};
use step::{Context, Tally};
use timings::Timings;

/// The streams of the seed, one for each use. 5 is augmentation's.
mod stream {
    pub(super) const WEIGHTS: u64 = 1;
    pub(super) const SPLIT: u64 = 2;
    pub(super) const ORDER: u64 = 3;
    pub(super) const DROPOUT: u64 = 4;
    pub(super) const OUTLIERS: u64 = 6;
}

/// Images evaluated at a time. It decides bits: the sums are added in this order.
const EVALUATION_BATCH: usize = 500;

/// Training images on which the means and deviations of batch normalization are measured.
const NORM_IMAGES: usize = 8192;

/// Everything that changes from epoch to epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The parameters after the last epoch.
    pub last: Mlp,
    /// Their running mean, with `ema` above 0.
    pub average: Option<Mlp>,
    /// The parameters of the selected checkpoint: of the best epoch or of the last, averaged if
    /// there is a running mean, with batch normalization folded into them.
    pub best: Mlp,
    /// The optimizer after the last epoch.
    pub adam: Adam,
    /// The epochs so far.
    pub history: History,
}

impl State {
    /// The state before the first epoch of a training that begins with this network.
    pub fn before(config: &TrainConfig, network: Mlp) -> Self {
        Self {
            best: network.clone(),
            average: (config.ema > 0.0).then(|| network.clone()),
            adam: Adam::new(&network),
            last: network,
            history: History {
                keep: config.keep,
                from: config.first_qat_epoch().unwrap_or_default(),
                ..History::default()
            },
        }
    }
}

/// A network in training.
pub struct Trainer<'a> {
    config: TrainConfig,
    context: Context,
    images: &'a Images,
    input: Input,
    /// Of each layer's weights.
    bits: Vec<WeightBits>,
    train: Vec<u32>,
    /// As the network gets them: shrunk.
    validation: Images,
    /// Of none of the classes; without any where none are asked for.
    outliers: Images,
    state: State,
    timings: Timings,
}

impl<'a> Trainer<'a> {
    /// A network with random weights.
    ///
    /// ```
    /// use inkbit::config::TrainConfig;
    /// use inkbit::data::synthetic::dataset;
    /// use inkbit::train::Trainer;
    /// let data = dataset(200, 1, 1);
    /// let config = TrainConfig { hidden: vec![8], epochs: 2, ..TrainConfig::default() };
    /// let mut trainer = Trainer::new(&config, &data.train, &data.classes)?;
    /// let first = trainer.epoch(|_batch, _of| {})?;
    /// let second = trainer.epoch(|_batch, _of| {})?;
    /// assert!(second.train_loss < first.train_loss);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        config: &TrainConfig,
        images: &'a Images,
        classes: &[String],
    ) -> Result<Self, TrainError> {
        check_sizes(config, &images.shape, images.len())?;
        let widths = config.widths(&images.shape, classes.len());
        let mut rng = Rng::new(config.seed, &[stream::WEIGHTS]);
        let mut network = match config.init {
            Init::Glorot => Mlp::glorot(&widths, &mut rng),
            Init::He => Mlp::he(&widths, &mut rng),
        };
        if let (true, Some(input)) = (images.shape.is_features(), images.shape.whole()) {
            centre(&mut network, &images.shrunk(input));
        }
        Self::resume(config, images, classes, State::before(config, network))
    }

    /// Continues a training with this configuration and these images.
    pub fn resume(
        config: &TrainConfig,
        images: &'a Images,
        classes: &[String],
        state: State,
    ) -> Result<Self, TrainError> {
        let input = check_sizes(config, &images.shape, images.len())?;
        check_labels(images, classes.len())?;
        let device = config.backend.device().map_err(ConfigError::from)?;
        let (train, validation) = split(images, config);
        let validation = images.chosen(&validation).shrunk(input);
        let outliers = outliers(config, images, classes);
        let widths = config.widths(&images.shape, classes.len());
        let mut context = Context::new(config, &widths, device);
        context.batch_norm = normalizes(config, state.last.has_scales());
        let (bits, timings) = (config.layer_bits()?, Timings::default());
        let config = config.clone();
        Ok(Self {
            config,
            context,
            images,
            input,
            bits,
            train,
            validation,
            outliers,
            state,
            timings,
        })
    }

    /// The state after the last whole epoch.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The state after the last whole epoch, owned.
    pub fn into_state(self) -> State {
        self.state
    }

    /// The time of each part of the training so far.
    pub fn timings(&self) -> Timings {
        self.timings
    }

    /// Trains and evaluates one epoch. `progress` gets batches done and batches of the epoch. After
    /// [`TrainError::Diverged`] the state is unusable.
    pub fn epoch(&mut self, progress: impl FnMut(usize, usize)) -> Result<Epoch, TrainError> {
        let start = Instant::now();
        let number = self.state.history.epochs.len() + 1;
        let rounds = self.config.first_qat_epoch().is_some_and(|first| number >= first);
        if rounds && !self.state.last.has_scales() {
            self.start_rounding()?;
        }
        let (tally, seen) = self.train(number, progress);
        let (train_loss, train_accuracy) = measures(&self.config, "training", number, tally)?;
        let evaluation = Instant::now();
        let candidate = self.candidate(&seen);
        let (validation_loss, validation_accuracy) =
            measures(&self.config, "validation", number, self.evaluate(&candidate))?;
        self.timings.evaluation += evaluation.elapsed();
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
            self.state.best = candidate;
        }
        Ok(epoch)
    }

    /// Takes the steps of an epoch. With batch normalization, returns some of the inputs, too.
    fn train(&mut self, number: usize, mut progress: impl FnMut(usize, usize)) -> (Tally, Vec<u8>) {
        let Self { config, context, bits, outliers, state, timings, .. } = self;
        let context = &*context;
        let rounds = state.last.has_scales();
        let place = |stream, batch| Rng::new(config.seed, &[stream, number as u64, batch]);
        let mut order = self.train.clone();
        place(stream::ORDER, 0).shuffle(&mut order);
        let plan = Plan {
            images: self.images,
            input: self.input,
            strength: config.augment.strength(number),
            seed: config.seed,
            epoch: number,
            order,
            batch: config.batch,
            outliers,
            // At least one, where any are asked for.
            beside: (config.outliers * config.batch as f32).ceil() as usize,
            skips: first::skips(self.input.inputs(), state.last.layers[0].outputs),
        };
        let total = plan.batches();
        let steps = (total * config.epochs) as u64;
        let (mut tally, mut seen) = (Tally::default(), Vec::new());
        thread::scope(|scope| {
            let beside = Beside::start(scope);
            let mut feed = plan.start(scope);
            let waiting = Instant::now();
            let mut batch = feed.next();
            timings.wait += waiting.elapsed();
            for index in 0..total {
                let Some(now) = batch.take() else { break };
                timings.augment += now.took;
                if context.batch_norm && seen.len() < NORM_IMAGES * self.input.inputs() {
                    seen.extend_from_slice(&now.inputs.pixels);
                }
                let mut rng = place(stream::DROPOUT, index as u64);
                // Without rounding, the parameters move into the tensors and back: no copy.
                let rounding = Instant::now();
                let network = if rounds {
                    qat::round(&state.last, bits)
                } else {
                    std::mem::replace(&mut state.last, Mlp { layers: Vec::new() })
                };
                timings.optimizer += rounding.elapsed();
                let net = Arc::new(Parted::new(network, &context.device));
                let begun = context.begin(&beside, &net, now);
                let mut prepare = Some(move || (feed.next(), feed));
                // Beside a batch that is not split, the next one is prepared; else beside the optimizer.
                let mut next = None;
                if !context.halves {
                    next = prepare.take().map(|prepare| beside.run(prepare));
                }
                let result = context.gradients(&beside, &net, begun, &mut rng);
                if !rounds {
                    let net = Arc::into_inner(net).expect("its parts are done");
                    state.last = net.into_mlp();
                }
                *timings += result.timings;
                let next = next.or_else(|| prepare.map(|prepare| beside.run(prepare)));
                let updating = Instant::now();
                let mut gradients = result.gradients;
                if config.clip > 0.0 {
                    optimizer::clip(&mut gradients, config.clip);
                }
                if rounds {
                    qat::straight_through(&state.last, bits, &mut gradients);
                }
                let factor = config.schedule.factor(state.adam.steps, steps, config.warmup);
                let rate = (f64::from(config.learning_rate) * factor) as f32;
                let decay = config.weight_decay;
                state.adam.step(&config.adam, rate, decay, &mut state.last, &gradients);
                if let Some(mean) = &mut state.average {
                    optimizer::average(mean, &state.last, config.ema, state.adam.steps);
                }
                timings.optimizer += updating.elapsed();
                let waiting = Instant::now();
                (batch, feed) = next.expect("one of the two places").result();
                timings.wait += waiting.elapsed();
                tally = tally.plus(result.tally);
                progress(index + 1, total);
            }
        });
        (tally, seen)
    }

    /// The checkpoint of this epoch. Batch normalization is measured on `inputs`.
    fn candidate(&self, inputs: &[u8]) -> Mlp {
        let latent = self.state.average.as_ref().unwrap_or(&self.state.last);
        let network =
            if latent.has_scales() { qat::round(latent, &self.bits) } else { latent.clone() };
        if !self.context.batch_norm {
            return network;
        }
        network.folded(&self.norms(&network, inputs))
    }

    /// Means and deviations of the hidden layers over inputs, image after image.
    fn norms(&self, network: &Mlp, inputs: &[u8]) -> Vec<Norm> {
        let device = &self.context.device;
        norm::measure(&Parted::new(network.clone(), device), inputs, device)
    }

    /// Begins to round weights and activations.
    fn start_rounding(&mut self) -> Result<(), TrainError> {
        let chosen: Vec<u32> = self.train.iter().copied().take(NORM_IMAGES).collect();
        let images = self.images.chosen(&chosen).shrunk(self.input);
        let inputs = &images.pixels;
        if self.context.batch_norm && !normalizes(&self.config, true) {
            let norms = self.norms(&self.state.last, inputs);
            self.state.last = self.state.last.folded(&norms);
            self.state.adam.fold(&norms);
            if let Some(average) = &self.state.average {
                let norms = self.norms(average, inputs);
                self.state.average = Some(average.folded(&norms));
            }
            self.context.batch_norm = false;
        }
        let folded = self.candidate(inputs);
        let State { last, average, adam, .. } = &mut self.state;
        qat::start(last, &folded, &images, &self.bits, self.config.scales)?;
        if let Some(average) = average {
            average.take_scales(last);
        }
        let none = last.zeroed();
        adam.mean.take_scales(&none);
        adam.square.take_scales(&none);
        Ok(())
    }

    fn evaluate(&self, network: &Mlp) -> Tally {
        let net = Parted::new(network.clone(), &self.context.device);
        let indices: Vec<u32> = (0..self.validation.len() as u32).collect();
        let evaluate = |indices: &[u32]| {
            let batches = indices.chunks(EVALUATION_BATCH);
            let tallies = batches.map(|batch| self.context.evaluate(&net, &self.validation, batch));
            tallies.fold(Tally::default(), Tally::plus)
        };
        let (first, second) = indices.split_at(indices.len().div_ceil(2));
        let (first, second) = parallel::join(|| evaluate(first), || evaluate(second));
        first.plus(second)
    }
}

/// Sets the biases of the first layer so that its outputs are 0 for the mean of the inputs. Those of
/// features are far from 0, as those of ink are not, and units would never fire.
fn centre(network: &mut Mlp, inputs: &Images) {
    let Some(first) = network.layers.first_mut() else { return };
    let mut sums = vec![0_u64; first.inputs];
    for (sample, _) in inputs.iter() {
        sums.iter_mut().zip(sample).for_each(|(sum, &input)| *sum += u64::from(input));
    }
    let count = 255.0 * inputs.len().max(1) as f32;
    for (row, sum) in first.weight.chunks_exact(first.outputs).zip(sums) {
        let mean = sum as f32 / count;
        first.bias.iter_mut().zip(row).for_each(|(bias, weight)| *bias -= weight * mean);
    }
}

/// Whether hidden layers are normalized. Normalization gives each output a scale of its own, so
/// with one scale for the layer it is folded for good when rounding begins.
fn normalizes(config: &TrainConfig, rounds: bool) -> bool {
    config.batch_norm && !(rounds && config.scales == Granularity::Layer)
}

/// Mean loss and accuracy.
fn measures(
    config: &TrainConfig,
    part: &'static str,
    epoch: usize,
    tally: Tally,
) -> Result<(f32, f32), TrainError> {
    let images = tally.images as f64;
    let loss = (tally.loss / images) as f32;
    if !loss.is_finite() {
        let remedy = if config.sparsity > 0.0 {
            "a lower learning rate or a lower sparsity"
        } else {
            "a lower learning rate"
        };
        return Err(TrainError::Diverged { part, epoch, loss, remedy });
    }
    Ok((loss, (tally.correct as f64 / images) as f32))
}
