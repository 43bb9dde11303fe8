//! What is seen of a training: a live view on a terminal, or a line per epoch.

use std::io;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, Gauge, GraphType, Paragraph, Widget};
use ratatui::{DefaultTerminal, Frame, TerminalOptions, Viewport};

use super::interrupt;
use crate::config::TrainConfig;
use crate::run::Observer;
use crate::support::numbers::percent;
use crate::train::history::{Epoch, History};

const HEIGHT: u16 = 14;
const REFRESH: Duration = Duration::from_millis(100);
const TRAIN: Color = Color::Yellow;
const VALIDATION: Color = Color::Cyan;

/// Curves of loss and accuracy, progress, and time left, below the lines of the epochs.
pub struct Dashboard {
    terminal: DefaultTerminal,
    view: View,
    drawn: Instant,
    /// Lines of the epochs so far.
    lines: Vec<String>,
    /// Width of the terminal at the last drawing.
    width: u16,
}

#[derive(Default)]
struct View {
    epochs: usize,
    /// The current epoch, and the fraction of it that is done.
    epoch: usize,
    fraction: f64,
    measured: Vec<Epoch>,
}

impl Dashboard {
    /// Takes the terminal's last lines.
    pub fn new(config: &TrainConfig) -> io::Result<Self> {
        let viewport = Viewport::Inline(HEIGHT);
        let terminal = ratatui::try_init_with_options(TerminalOptions { viewport });
        // If the terminal does not report its cursor, ratatui leaves it in raw mode.
        let terminal = terminal.inspect_err(|_| {
            interrupt::restore();
            keys();
        })?;
        let view = View { epochs: config.epochs, epoch: 1, ..View::default() };
        let (drawn, lines) = (Instant::now(), Vec::new());
        let mut dashboard = Self { terminal, view, drawn, lines, width: 0 };
        interrupt::dashboard_begun();
        dashboard.draw();
        Ok(dashboard)
    }

    /// Draws the view. Errors of the terminal are ignored: training goes on.
    fn draw(&mut self) {
        self.drawn = Instant::now();
        let size = self.terminal.size().unwrap_or_default();
        let _ = self.terminal.draw(|frame| self.view.draw(frame));
        if size.width < self.width {
            // When the terminal becomes narrower, ratatui clears it with the lines above the view.
            let room = usize::from(size.height.saturating_sub(HEIGHT));
            let first = self.lines.len().saturating_sub(room);
            for line in &self.lines[first..] {
                insert(&mut self.terminal, line);
            }
            let _ = self.terminal.draw(|frame| self.view.draw(frame));
        }
        self.width = size.width;
    }
}

impl Observer for Dashboard {
    fn batch(&mut self, epoch: usize, done: usize, total: usize) {
        if self.drawn.elapsed() >= REFRESH {
            self.view.epoch = epoch;
            self.view.fraction = done as f64 / total as f64;
            keys();
            self.draw();
        }
    }

    fn epoch(&mut self, epoch: &Epoch, history: &History) {
        let view = &mut self.view;
        view.measured.clone_from(&history.epochs);
        view.epoch = (epoch.epoch + 1).min(view.epochs);
        view.fraction = if epoch.epoch == view.epochs { 1.0 } else { 0.0 };
        let line = epoch_line(epoch, self.view.epochs, history);
        insert(&mut self.terminal, &line);
        self.lines.push(line);
        keys();
        self.draw();
    }

    fn stop(&mut self) -> bool {
        interrupt::stopping()
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.terminal.clear();
        interrupt::restore();
    }
}

/// Inserts a line above the view.
fn insert(terminal: &mut DefaultTerminal, line: &str) {
    let _ = terminal.insert_before(1, |buffer| Line::raw(line).render(buffer.area, buffer));
}

/// Handles keys; in raw mode Ctrl-C is one of them.
fn keys() {
    while event::poll(Duration::ZERO).unwrap_or(false) {
        let Ok(Event::Key(key)) = event::read() else { continue };
        let interrupt =
            key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        if key.kind == KeyEventKind::Press && (interrupt || key.code == KeyCode::Char('q')) {
            interrupt::interrupt();
        }
    }
}

impl View {
    fn draw(&self, frame: &mut Frame<'_>) {
        let rows =
            Layout::vertical([Constraint::Min(3), Constraint::Length(1), Constraint::Length(1)]);
        let [charts, progress, help] = rows.areas(frame.area());
        let [loss, accuracy] = Layout::horizontal([Constraint::Fill(1); 2]).areas(charts);
        self.chart(frame, loss, "loss", [|e| e.train_loss, |e| e.validation_loss]);
        let of_accuracy: [fn(&Epoch) -> f32; 2] =
            [|e| 100.0 * e.train_accuracy, |e| 100.0 * e.validation_accuracy];
        self.chart(frame, accuracy, "accuracy %", of_accuracy);
        let done = (self.epoch as f64 - 1.0 + self.fraction) / self.epochs as f64;
        let mut label = format!("epoch {} of {}", self.epoch, self.epochs);
        if let Some(last) = self.measured.last().filter(|last| last.seconds > 0.0) {
            let left = f64::from(last.seconds) * self.epochs as f64 * (1.0 - done);
            label += &format!(", at most {left:.0} s left");
        }
        let gauge = Gauge::default().ratio(done.clamp(0.0, 1.0)).label(label);
        frame.render_widget(gauge.gauge_style(Style::new().fg(Color::Green)), progress);
        let text = if interrupt::stopping() {
            "stopping after this epoch; once more to stop at once"
        } else {
            "q to stop after this epoch and keep the best weights"
        };
        frame.render_widget(Paragraph::new(text), help);
    }

    /// Draws a measure over the epochs, in training and in validation.
    fn chart(&self, frame: &mut Frame<'_>, area: Rect, title: &str, of: [fn(&Epoch) -> f32; 2]) {
        let curves = of.map(|value| -> Vec<(f64, f64)> {
            self.measured.iter().map(|e| (e.epoch as f64, value(e).into())).collect()
        });
        let values = || curves.iter().flatten().map(|&(_, value)| value);
        let low = values().reduce(f64::min).unwrap_or(0.0);
        let high = values().reduce(f64::max).unwrap_or(1.0).max(low + f64::EPSILON);
        let lines = curves.iter().zip([TRAIN, VALIDATION]).map(|(curve, color)| {
            let line = Dataset::default().data(curve).style(Style::new().fg(color));
            line.marker(Marker::Braille).graph_type(GraphType::Line)
        });
        // The title is the legend: in a narrow terminal, ratatui omits one within the chart.
        let title = Line::from_iter([
            Span::raw(title),
            Span::styled("  train", TRAIN),
            Span::styled("  validation ", VALIDATION),
        ]);
        let last = self.epochs.max(2) as f64;
        let x = Axis::default().bounds([1.0, last]).labels(["1".to_owned(), format!("{last}")]);
        let y = Axis::default().bounds([low, high]);
        let y = y.labels([format!("{low:.3}"), format!("{high:.3}")]);
        let chart = Chart::new(lines.collect()).block(Block::bordered().title(title));
        frame.render_widget(chart.x_axis(x).y_axis(y), area);
    }
}

/// Prints a line per epoch, each after a prefix.
pub struct Lines {
    epochs: usize,
    prefix: String,
}

impl Lines {
    pub fn new(config: &TrainConfig, prefix: String) -> Self {
        interrupt::begun();
        Self { epochs: config.epochs, prefix }
    }
}

impl Observer for Lines {
    fn epoch(&mut self, epoch: &Epoch, history: &History) {
        if !super::quiet() {
            // If standard output is closed, training goes on.
            let line = epoch_line(epoch, self.epochs, history);
            let _ = super::print(&format!("{}{line}\n", self.prefix));
        }
    }

    fn stop(&mut self) -> bool {
        interrupt::stopping()
    }
}

fn epoch_line(epoch: &Epoch, epochs: usize, history: &History) -> String {
    let is_best = history.best().is_some_and(|best| best.epoch == epoch.epoch);
    format!(
        "epoch {:3}/{epochs}  train loss {:.4} acc {:>7}  validation loss {:.4} acc {:>7}  \
         {:.2} s{}",
        epoch.epoch,
        epoch.train_loss,
        percent(epoch.train_accuracy.into()),
        epoch.validation_loss,
        percent(epoch.validation_accuracy.into()),
        epoch.seconds,
        if is_best { "  best" } else { "" }
    )
}
