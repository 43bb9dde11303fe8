//! Progress bars on standard error, only on a terminal.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::support::output;

/// A bar that counts to `total`; hidden where standard error is no terminal.
pub fn bar(total: u64, template: &str) -> ProgressBar {
    if !output::errors_are_on_a_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    let bar = ProgressBar::new(total);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Does some work that reports how much of `total` is done, with a bar unless --quiet.
pub fn during<T>(total: usize, what: &'static str, work: impl FnOnce(&dyn Fn(usize)) -> T) -> T {
    let bar = match super::quiet() {
        true => ProgressBar::hidden(),
        false => bar(total as u64, "{msg} {wide_bar} {pos}/{len} {per_sec} {eta}"),
    };
    bar.set_message(what);
    let result = work(&|done| bar.set_position(done as u64));
    bar.finish_and_clear();
    result
}

/// The same for work whose total shows on the way: it reports what is done, and of how much. The bar comes
/// after two seconds.
pub fn later<T>(what: &'static str, work: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> T) -> T {
    const DELAY: Duration = Duration::from_secs(2);
    let (start, shown) = (Instant::now(), OnceLock::new());
    let result = work(&|done, total| {
        if super::quiet() || shown.get().is_none() && start.elapsed() < DELAY {
            return;
        }
        let begin = || bar(total as u64, "{msg} {wide_bar} {pos}/{len} {eta}").with_message(what);
        shown.get_or_init(begin).set_position(done as u64);
    });
    if let Some(bar) = shown.get() {
        bar.finish_and_clear();
    }
    result
}
