//! A board of memory: a picture instead of a display, a list of bytes instead of a line.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;

use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::{BinaryColor, Gray4};
use embedded_graphics::prelude::*;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use inkbit_app::{
    App, Board, Buffers, Canvas, Clock, Event, Layout, SIDE, Screen, Small, Ticks, samples,
};
use inkbit_core::blob::pack_layer;
use inkbit_core::image::lay;
use inkbit_core::link::{Key, Reset};
use inkbit_core::{Frame, Header, Input, LayerShape, Model, Numbers, Sample, Stage};

pub(crate) const CELLS: usize = 1040;
pub(crate) const REGION: usize = 0x1_0000;
pub(crate) const BOARD: Board = Board {
    name: "rig",
    model_address: 0x5000,
    model_bytes: REGION as u32,
    stack: || (1000, 4000),
    reset: Reset::Ordinary,
    boot_loader: None,
};

/// A clock by which every inference takes 345,678 ns.
pub(crate) struct Steps(pub(crate) u64);

impl Clock for Steps {
    fn nanoseconds(&mut self) -> u64 {
        self.0 += 345_678;
        self.0
    }
}

/// A display of 16 greys.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    greys: Vec<u8>,
    size: Size,
    /// Pixels that have been drawn, and the windows that they were drawn in.
    pub(crate) pixels: usize,
    pub(crate) windows: usize,
}

impl Picture {
    fn black(size: Size) -> Self {
        Self { greys: vec![0; (size.width * size.height) as usize], size, pixels: 0, windows: 0 }
    }

    /// A character for every pixel, darker for brighter.
    pub(crate) fn text(&self) -> String {
        let shades: Vec<char> = " .':;-=+*oxX%&#@".chars().collect();
        self.greys.chunks(self.size.width as usize).fold(String::new(), |mut text, row| {
            let line: String = row.iter().map(|&grey| shades[usize::from(grey)]).collect();
            let _ = writeln!(text, "{}", line.trim_end());
            text
        })
    }
}

impl OriginDimensions for Picture {
    fn size(&self) -> Size {
        self.size
    }
}

impl DrawTarget for Picture {
    type Color = Gray4;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Gray4>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        self.windows += 1;
        for Pixel(at, grey) in pixels {
            assert!(self.bounding_box().contains(at), "{at} is off the display");
            self.greys[at.y as usize * self.size.width as usize + at.x as usize] = grey.luma();
            self.pixels += 1;
        }
        Ok(())
    }
}

/// The two ends of a serial line.
#[derive(Default)]
pub(crate) struct Wire {
    pub(crate) to_device: VecDeque<u8>,
    pub(crate) to_host: Vec<u8>,
}

impl ErrorType for Wire {
    type Error = Infallible;
}

impl ReadReady for Wire {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.to_device.is_empty())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        buffer[0] = self.to_device.pop_front().expect("read only when ready");
        Ok(1)
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, Infallible> {
        self.to_host.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A region of flash on an 8-byte boundary that begins with `content`, the rest of it erased.
pub(crate) fn region(content: &[u8]) -> &'static [u8] {
    let words = vec![u64::MAX; REGION / 8].leak();
    let bytes: &'static mut [u8] = bytemuck::cast_slice_mut(words);
    bytes[..content.len()].copy_from_slice(content);
    bytes
}

/// A model of one layer that knows a digit by its likeness to the built-in one.
pub(crate) fn likeness() -> Vec<u8> {
    write(28, &likenesses())
}

/// The same with names of the digits.
pub(crate) fn named(labels: [&str; 10]) -> Vec<u8> {
    write_named(28, &likenesses(), &labels.join("\n"))
}

/// The same network twice, of which the first is never sure enough.
pub(crate) fn twice() -> Vec<u8> {
    let blob = likeness();
    let alone = Model::parse(&region(&blob)[..blob.len()]).unwrap();
    let mut header = alone.header().clone();
    let (stage, shape) = (header.stages[0], header.layers[0]);
    header.stages[0].margin = u32::MAX;
    header.stages.push(stage).unwrap();
    header.layers.push(shape).unwrap();
    let data = [alone.data(), alone.data()].concat();
    let model = Model::new(header, &region(&data)[..data.len()]).unwrap();
    let mut blob = vec![0; model.max_blob_bytes()];
    model.write(&mut blob).unwrap().to_vec()
}

fn likenesses() -> Vec<Vec<i32>> {
    samples()
        .map(|sample| {
            let mut canvas = Canvas::new();
            sample.draw(&mut canvas);
            let mut image = [0; SIDE * SIDE];
            lay(canvas.pixels(), SIDE, SIDE, &mut image, Frame::mnist(SIDE as u16));
            // Ink that belongs there counts for it, and ink elsewhere against it.
            let ink = image.iter().filter(|&&pixel| pixel > 0).count() as i32;
            let weight = |&pixel: &u8| (i32::from(pixel) / 2 - 24) * 100 / ink.max(1);
            image.iter().map(weight).map(|weight| weight.clamp(-127, 127)).collect()
        })
        .collect()
}

/// A model of one layer with these rows of weights.
pub(crate) fn write(side: u16, rows: &[Vec<i32>]) -> Vec<u8> {
    let labels: Vec<String> = (0..rows.len()).map(|class| class.to_string()).collect();
    write_named(side, rows, &labels.join("\n"))
}

fn write_named(side: u16, rows: &[Vec<i32>], labels: &str) -> Vec<u8> {
    let (inputs, outputs, numbers) = (side * side, rows.len() as u16, Numbers::Wide);
    let shape = LayerShape { inputs, outputs, bits: 8, multipliers: 0, numbers };
    let mut data = vec![0_u64; shape.data_bytes().div_ceil(8)];
    let data: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut data)[..shape.data_bytes()];
    pack_layer(0, shape, &[], &vec![0; rows.len()], |row, input| rows[row][input], data).unwrap();
    let header = Header {
        name: "likeness",
        labels,
        sample: Sample::mnist(side),
        stages: [Stage::alone(Input::full(side), 2e-4, 1)].into_iter().collect(),
        layers: [shape].into_iter().collect(),
        provenance: &[],
    };
    let model = Model::new(header, data).unwrap();
    let mut blob = vec![0; model.max_blob_bytes()];
    model.write(&mut blob).unwrap().to_vec()
}

/// An app on a region of flash that begins with `content`.
pub(crate) fn app(content: &[u8]) -> App<'static> {
    app_on(region(content))
}

/// An app on a region of flash.
pub(crate) fn app_on(region: &'static [u8]) -> App<'static> {
    app_of(BOARD, region)
}

/// An app of a board, on a region of flash.
pub(crate) fn app_of(board: Board, region: &'static [u8]) -> App<'static> {
    App::new(board, region, Box::leak(Box::new(Buffers::<CELLS>::new())))
}

/// An app and its display, at some moment.
pub(crate) struct Rig<L: Layout = Small> {
    pub(crate) app: App<'static>,
    pub(crate) now: Ticks,
    pub(crate) picture: Picture,
    screen: Screen<L>,
}

impl Rig {
    pub(crate) fn new(content: &[u8]) -> Self {
        Self::on(BOARD, content)
    }

    /// On a board of its own.
    pub(crate) fn on(board: Board, content: &[u8]) -> Self {
        Self::of(board, content)
    }

    /// What a display of two levels would show: a character for every pixel.
    pub(crate) fn two_levels(&self) -> String {
        let mut picture = Picture::black(Small::SIZE);
        let mut lit = picture.color_converted::<BinaryColor>();
        Screen::<Small>::new().draw(&self.app.view(), &mut lit).unwrap();
        picture.text()
    }
}

impl<L: Layout> Rig<L> {
    pub(crate) fn of(board: Board, content: &[u8]) -> Self {
        let buffers = Box::leak(Box::new(Buffers::<CELLS>::new()));
        let app = App::new(board, region(content), buffers);
        Self { app, now: 1, picture: Picture::black(L::SIZE), screen: Screen::new() }
    }

    /// Lets time pass, as the device's loop does.
    pub(crate) fn wait(&mut self, ticks: Ticks) {
        for _ in 0..ticks.div_ceil(8) {
            self.now += 8;
            self.app.tick(self.now);
        }
        self.show();
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.app.handle(event, self.now);
        self.show();
    }

    pub(crate) fn press(&mut self, key: Key, times: usize) {
        for _ in 0..times {
            self.event(Event::Key(key, true));
            self.wait(16);
            self.event(Event::Key(key, false));
            self.wait(16);
        }
    }

    /// Brings the display up to date, and returns whether anything was drawn.
    pub(crate) fn show(&mut self) -> bool {
        self.app.settle(&mut Steps(0));
        self.screen.draw(&self.app.view(), &mut self.picture).unwrap()
    }

    /// What the display would show if all of it were drawn anew.
    pub(crate) fn drawn_anew(&self) -> Picture {
        let mut picture = Picture::black(L::SIZE);
        Screen::<L>::new().draw(&self.app.view(), &mut picture).unwrap();
        picture
    }

    /// Draws a seven with the keys.
    pub(crate) fn draw_seven(&mut self) {
        self.press(Key::Up, 8);
        self.press(Key::Left, 6);
        self.press(Key::Select, 1);
        self.press(Key::Right, 12);
        for _ in 0..8 {
            self.press(Key::Down, 2);
            self.press(Key::Left, 1);
        }
    }
}
