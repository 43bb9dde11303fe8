//! The results of a run, and training with a display.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::dashboard::Dashboard;
use super::{epoch_line, interrupt};
use crate::config::TrainConfig;
use crate::data::{Dataset, labels};
use crate::evaluate::evaluate_net;
use crate::net::Mlp;
use crate::report::text;
use crate::run::{Observer, Run, RunError};
use crate::support::shell;
use crate::sweep::no_board_fits;
use crate::train::history::History;
use crate::train::timings::Timings;

/// The results of a run.
pub struct Trained {
    pub history: History,
    /// The network to keep.
    pub best: Mlp,
    /// How long the parts of this session's training took.
    pub timings: Timings,
}

impl Trained {
    /// Those of a finished run.
    pub fn read(run: &Run) -> Result<Option<Self>, RunError> {
        let history = run.history()?;
        if history.end.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { history, best: run.weights()?, timings: Timings::default() }))
    }

    /// Trains a run, from where it stands.
    pub fn train(run: &Run, data: &Dataset, observer: &mut dyn Observer) -> Result<Self, RunError> {
        let (state, timings) = run.train_timed(data, observer)?;
        Ok(Self { history: state.history, best: state.best, timings })
    }

    /// The accuracy of the weights that are kept, on the test images.
    pub fn test_accuracy(&self, run: &Run, data: &Dataset) -> anyhow::Result<f64> {
        let device = run.config.backend.device()?;
        let test = data.test.shrunk(run.input());
        Ok(evaluate_net(&self.best, &data.classes, &test, &device)?.accuracy)
    }
}

/// Prints the data, warnings about them, and whether the network is too large for every board.
pub fn announce(run: &Run, data: &Dataset) -> anyhow::Result<()> {
    if !super::quiet() {
        let (images, tests) = (text::images(&data.train), data.test.len());
        let classes = data.classes.len();
        super::print(&format!("{}: {images}, {tests} to test on, {classes} classes\n", data.name))?;
        if let Some(error) = no_board_fits(&run.config, &run.data) {
            super::print(&format!("no board can run this network: {error}\n"))?;
        }
    }
    for line in labels::oddities(data) {
        super::complain(&format!("warning: {line}"));
    }
    Ok(())
}

/// Trains a run to its end or to an interrupt, with a dashboard or a line per epoch.
///
/// # Errors
///
/// Those of [`Run::train`].
pub fn fit(run: &Run, data: &Dataset, plain: bool) -> Result<Trained, RunError> {
    let mut observer = observer(&run.config, plain);
    let trained = Trained::train(run, data, observer.as_mut());
    interrupt::ended();
    trained
}

/// The dashboard on a terminal, else a line per epoch.
fn observer(config: &TrainConfig, plain: bool) -> Box<dyn Observer> {
    interrupt::begun();
    if !plain
        && !super::quiet()
        && io::stdout().is_terminal()
        && io::stdin().is_terminal()
        && let Ok(dashboard) = Dashboard::new(config)
    {
        interrupt::begun();
        interrupt::dashboard_begun();
        return Box::new(dashboard);
    }
    Box::new(epoch_line::lines(config, String::new()))
}

/// The next command: to quantize a run that has ended, else to resume it.
pub fn next(folder: &Path, ended: bool) -> String {
    let folder = shell::path(folder);
    if ended {
        format!("inkbit quantize {folder} -o model.inkbit")
    } else {
        format!("inkbit train --resume --out {folder}")
    }
}
