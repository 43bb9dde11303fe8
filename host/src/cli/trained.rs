//! Training with a display, and its results.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use super::config_args::check_images;
use super::dashboard::{Dashboard, Lines};
use super::data_args::DataArgs;
use super::{interrupt, usage};
use crate::config::TrainConfig;
use crate::data::check::Oddity;
use crate::data::source::Reading;
use crate::data::{BUILT_IN, Dataset, labels};
use crate::evaluate::data_check::oddities;
use crate::evaluate::evaluate_net;
use crate::net::Mlp;
use crate::report::text;
use crate::run::{Claim, DataInfo, Observer, Run, RunError};
use crate::support::{output, shell, visible};
use crate::sweep::no_board_fits;
use crate::train::history::History;
use crate::train::timings::Timings;

pub struct Trained {
    pub history: History,
    /// The network to keep.
    pub best: Mlp,
    /// How long the parts of this session's training took.
    pub timings: Timings,
}

impl Trained {
    pub fn read(run: &Run) -> Result<Option<Self>, RunError> {
        let history = run.history()?;
        if history.end.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { history, best: run.weights()?, timings: Timings::default() }))
    }

    pub fn train(
        run: &Claim,
        data: &Dataset,
        observer: &mut dyn Observer,
    ) -> Result<Self, RunError> {
        let (state, timings) = run.train(data, observer)?;
        Ok(Self { history: state.history, best: state.best, timings })
    }

    /// The accuracy of the weights that are kept, on the test images.
    pub fn test_accuracy(&self, run: &Run, data: &Dataset) -> anyhow::Result<f64> {
        let device = run.config.backend.device()?;
        let test = data.test.shrunk(run.input());
        Ok(evaluate_net(&self.best, &data.classes, &test, &device)?.accuracy)
    }
}

pub struct Start<'a> {
    pub folder: PathBuf,
    pub config: TrainConfig,
    pub resumed: Option<&'a Run>,
    /// What it begins with, instead of random weights.
    pub network: Option<Mlp>,
}

/// Loads the data, claims the runs that are resumed and creates the others, and says what is trained
/// on: the data, warnings about them, and whether the network is too large for every board. Unless
/// `args` name the data, they are those of the run `earlier`. `keep` may release a run until it is
/// trained: more runs can be begun than files be open. `ready` is called once the data
/// are there and before the first run is changed, to refuse it all.
pub fn begin<T>(
    starts: Vec<Start<'_>>,
    earlier: Option<&Run>,
    args: &DataArgs,
    replace: bool,
    ready: impl FnOnce() -> anyhow::Result<()>,
    keep: impl Fn(Claim) -> T,
) -> anyhow::Result<(Dataset, Vec<T>)> {
    let reading = args.reading(earlier);
    if let Some(run) = earlier.filter(|run| run.data.reading != reading) {
        let flags = |reading: &Reading| match reading.flags() {
            flags if flags.is_empty() => "without flags".to_owned(),
            flags => format!("with `{}`", visible::line(flags.trim())),
        };
        return Err(usage(format!(
            "the data of {} were read {}, and --resume reads them likewise: leave out `{}`",
            visible::path(run.folder()),
            flags(&run.data.reading),
            visible::line(reading.flags().trim())
        )));
    }
    let data = earlier.map_or_else(|| args.load(), |run| args.load_for(run))?;
    let info = DataInfo { labels: args.labels_name(), reading, ..DataInfo::new(&data) };
    let runs = begin_on(&data, &info, starts, replace, ready, keep)?;
    Ok((data, runs))
}

/// The same with data that are loaded.
pub fn begin_on<T>(
    data: &Dataset,
    info: &DataInfo,
    starts: Vec<Start<'_>>,
    replace: bool,
    ready: impl FnOnce() -> anyhow::Result<()>,
    keep: impl Fn(Claim) -> T,
) -> anyhow::Result<Vec<T>> {
    labels::check_classes(data)?;
    check_images(&starts[0].config, &data.train)?;
    ready()?;
    let runs = starts.iter().map(|Start { folder, config, resumed, network }| {
        let claim = match resumed {
            Some(run) => run.check_same(config, info).and_then(|()| run.claim())?,
            None => Claim::create(folder, config, info.clone(), replace)?,
        };
        if let Some(network) = network {
            claim.begin_with(network.clone())?;
        }
        Ok::<_, RunError>(keep(claim))
    });
    let runs = runs.collect::<Result<Vec<_>, _>>()?;
    if !super::quiet() {
        let (images, tests) = (text::images(&data.train), data.test.len());
        let classes = data.classes.len();
        let name = visible::line(&data.name);
        super::print(&format!("{name}: {images}, {tests} to test on, {classes} classes\n"))?;
        if let Some(error) = no_board_fits(&starts[0].config, info) {
            super::print(&format!("no board can run this network: {error}\n"))?;
        }
    }
    for line in labels::oddities(data) {
        super::complain(&format!("warning: {line}"));
    }
    if !BUILT_IN.contains(&&*data.name) {
        for Oddity { text, .. } in oddities(data).iter().filter(|oddity| oddity.is_serious) {
            super::complain(&format!("warning: {text}"));
        }
    }
    Ok(runs)
}

/// Trains a run to its end or to an interrupt, with a dashboard or a line per epoch.
pub fn fit(run: &Claim, data: &Dataset, plain: bool) -> Result<Trained, RunError> {
    interrupt::begun();
    let is_live = !plain && !super::quiet() && output::is_terminal() && io::stdin().is_terminal();
    let mut observer: Box<dyn Observer> = match is_live.then(|| Dashboard::new(&run.config)) {
        Some(Ok(dashboard)) => Box::new(dashboard),
        _ => Box::new(Lines::new(&run.config, String::new())),
    };
    let trained = Trained::train(run, data, observer.as_mut());
    interrupt::ended();
    trained
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
