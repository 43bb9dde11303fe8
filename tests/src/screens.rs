//! Screens: of the firmware's app, drawn on the host, and of an emulated display.

use std::fmt::Write;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::{DrawTarget, DrawTargetExt};
use embedded_graphics::pixelcolor::{BinaryColor, Gray4, GrayColor, Rgb565};
use embedded_graphics::prelude::{IntoStorage, OriginDimensions, Size};
use inkbit::device::Client;
use inkbit::device::emulator::pico::{Glass, Wiring};
use inkbit::device::emulator::qmp::Qmp;
use inkbit_app::{App, Clock, Event, Layout, Screen, Shade, Small, Touch};
use inkbit_core::link::{Key, Mode, Reset, pack_pixels, unpack_pixels};

/// What the app on the host knows of an emulated board.
pub fn app_board(name: &'static str, board: &inkbit::device::Board) -> inkbit_app::Board {
    inkbit_app::Board {
        name,
        model_address: board.memory.model.address,
        model_bytes: board.memory.model.bytes,
        stack: || (0, 0),
        reset: Reset::Ordinary,
        boot_loader: None,
    }
}

/// What is lit of 8 × 8 lights, row by row: red, green and blue.
pub type Matrix = [[[bool; 3]; 8]; 8];

/// The lights of a running emulator that shows each as a square.
///
/// # Errors
///
/// If the emulator has no such lights.
pub fn matrix(qmp: &mut Qmp) -> io::Result<Matrix> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("lights.png");
    qmp.screenshot(&file)?;
    let image = image::open(&file).map_err(io::Error::other)?.to_rgb8();
    let (width, height) = image.dimensions();
    let side = width / 8;
    if side == 0 || (width, height) != (8 * side, 8 * side) {
        return Err(io::Error::other(format!("a display of {width}x{height} pixels")));
    }
    let mut lit = Matrix::default();
    for (y, row) in (0..).zip(&mut lit) {
        for (x, light) in (0..).zip(row) {
            let middle = image.get_pixel(x * side + side / 2, y * side + side / 2);
            *light = middle.0.map(|level| level > 127);
        }
    }
    Ok(lit)
}

/// Lets a device and the app classify an image, the app in the device's time, and compares the logits.
///
/// # Panics
///
/// If one of them does not, or if a logit differs.
pub fn classify_alike(client: &mut Client, app: &mut App<'_>, id: u32, pixels: &[u8]) {
    let answer = client.classify(pixels).expect("the device classifies it");
    let mut packed = vec![0; 2 * pixels.len()];
    let packed = pack_pixels(pixels, &mut packed).expect("twice the room");
    let mut clock = Replay::new(answer.nanoseconds);
    let shown = app.classify(id, &mut clock, |image| unpack_pixels(packed, image));
    assert_eq!(shown.expect("the app classifies it").1, answer.logits);
}

/// Draws strokes on a device and on the app, shows both a sample, and compares them after each.
///
/// # Panics
///
/// If the device does not answer.
pub fn draw_alike(client: &mut Client, app: &mut App<'_>, mut compare: impl FnMut(&mut App<'_>)) {
    let answers = "the device answers";
    client.clear().expect(answers);
    app.handle(Event::Clear, 0);
    compare(app);
    for (x, y, down) in [(6, 6, true), (20, 5, true), (13, 24, true), (0, 0, false)] {
        client.pen(x, y, down).expect(answers);
        app.handle(Event::Pen(x, y, down), 0);
        compare(app);
    }
    client.show(Mode::Samples).expect(answers);
    // Stops the samples for the comparison.
    client.key(Key::Select, true).expect(answers);
    client.key(Key::Select, false).expect(answers);
    app.handle(Event::Show(Mode::Samples), 0);
    compare(app);
}

/// A display of 16 greys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Columns in pixels.
    pub width: u32,
    /// Levels from 0, black, to 15, row by row.
    pub greys: Vec<u8>,
}

/// Asserts that a Pico's display shows a picture, but for some columns and rows, and soon: a board answers
/// before it draws.
///
/// # Panics
///
/// If it does not, or cannot be read.
pub fn assert_pico_shows(wiring: &mut Wiring, expected: &Picture, except: Option<[Range<u32>; 2]>) {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let found = Picture::of_pico(wiring).expect("a display");
        if found.shows(expected, except.as_ref()) || Instant::now() > deadline {
            return found.assert_shows(expected, except);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

impl Picture {
    fn black(Size { width, height }: Size) -> Self {
        Self { width, greys: vec![0; (width * height) as usize] }
    }

    /// The screen of the app in its present state.
    pub fn of(app: &App<'_>) -> Self {
        Self::on::<Small>(app)
    }

    /// The same on a touch display.
    pub fn on_touch(app: &App<'_>) -> Self {
        Self::on::<Touch>(app)
    }

    fn on<L: Layout>(app: &App<'_>) -> Self {
        let mut picture = Self::black(L::SIZE);
        let drawn = Screen::<L>::new().draw(&app.view(), &mut picture);
        drawn.unwrap_or_else(|never| match never {});
        picture
    }

    /// The same on a display of two levels: 0 and 15.
    pub fn two_levels(app: &App<'_>) -> Self {
        let mut picture = Self::black(Small::SIZE);
        let mut lit = picture.color_converted::<BinaryColor>();
        let drawn = Screen::<Small>::new().draw(&app.view(), &mut lit);
        drawn.unwrap_or_else(|never| match never {});
        picture
    }

    /// The display of an emulated Pico.
    ///
    /// # Errors
    ///
    /// If the emulator does not answer, or if a colour is none of 16 greys.
    pub fn of_pico(wiring: &mut Wiring) -> io::Result<Self> {
        let Glass { width, colours, .. } = wiring.screen()?;
        let grey = |&colour: &u16| {
            let grey = (colour >> 12) as u8;
            let expected = Rgb565::of(Gray4::new(grey)).into_storage();
            if colour == expected {
                return Ok(grey);
            }
            Err(io::Error::other(format!("the colour {colour:04x} is no grey")))
        };
        Ok(Self { width, greys: colours.iter().map(grey).collect::<io::Result<_>>()? })
    }

    /// The display of a running emulator, which shows every pixel as a square of equal pixels.
    ///
    /// # Errors
    ///
    /// If the emulator has no such display, or if its picture is not one of 16 greys.
    pub fn of_emulator(qmp: &mut Qmp) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("screen.png");
        qmp.screenshot(&file)?;
        Self::read(&file)
    }

    /// A screenshot of the emulator.
    ///
    /// # Errors
    ///
    /// As [`Self::of_emulator`].
    pub fn read(file: &Path) -> io::Result<Self> {
        let image = image::open(file).map_err(io::Error::other)?.to_rgb8();
        let Size { width, height } = Small::SIZE;
        let scale = image.width() / width;
        if scale == 0 || image.dimensions() != (scale * width, scale * height) {
            let (width, height) = image.dimensions();
            return Err(io::Error::other(format!("a display of {width}x{height} pixels")));
        }
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let grey = |(x, y)| {
            let [red, green, blue] = image.get_pixel(x * scale, y * scale).0;
            let square = (0..scale * scale).map(|n| (x * scale + n % scale, y * scale + n / scale));
            let even = square.into_iter().all(|(x, y)| image.get_pixel(x, y).0 == [red; 3]);
            if even && red == green && green == blue && red % 17 == 0 {
                Ok(red / 17)
            } else {
                Err(io::Error::other(format!("pixel ({x}, {y}) is {red} {green} {blue}")))
            }
        };
        Ok(Self { width, greys: places.map(grey).collect::<io::Result<_>>()? })
    }

    /// Compares all pixels outside `except`, a range of columns and rows; a failure shows both
    /// screens and their difference.
    ///
    /// # Panics
    ///
    /// If they differ.
    pub fn assert_shows(&self, expected: &Self, except: Option<[Range<u32>; 2]>) {
        assert_eq!((self.width, self.greys.len()), (expected.width, expected.greys.len()));
        let differs = |place| self.differs(expected, except.as_ref(), place);
        let wrong: Vec<_> = self.places().filter(|&place| differs(place)).collect();
        let Some((x, y)) = wrong.first() else { return };
        let difference = text(self.size(), |place| if differs(place) { 'X' } else { ' ' });
        panic!(
            "{} pixels differ, the first in column {x}, row {y}\nexpected\n{}\nfound\n{}\n\
             different\n{difference}",
            wrong.len(),
            expected.text(),
            self.text(),
        );
    }

    /// Whether it is the expected one but for these columns and rows, of the same size.
    pub fn shows(&self, expected: &Self, except: Option<&[Range<u32>; 2]>) -> bool {
        self.places().all(|place| !self.differs(expected, except, place))
    }

    fn places(&self) -> impl Iterator<Item = (u32, u32)> {
        let Size { width, height } = self.size();
        (0..height).flat_map(move |y| (0..width).map(move |x| (x, y)))
    }

    fn differs(
        &self,
        expected: &Self,
        except: Option<&[Range<u32>; 2]>,
        (x, y): (u32, u32),
    ) -> bool {
        let place = (y * self.width + x) as usize;
        let hidden =
            except.is_some_and(|[columns, rows]| columns.contains(&x) && rows.contains(&y));
        !hidden && self.greys[place] != expected.greys[place]
    }

    /// The screen as characters, one for each level.
    pub fn text(&self) -> String {
        const SHADES: &[u8; 16] = b" .,:;-~=+ox*%#&@";
        let grey = |(x, y)| usize::from(self.greys[(y * self.width + x) as usize]);
        text(self.size(), |place| char::from(SHADES[grey(place)]))
    }
}

fn text(Size { width, height }: Size, shade: impl Fn((u32, u32)) -> char) -> String {
    let mut text = String::new();
    for y in 0..height {
        let line: String = (0..width).map(|x| shade((x, y))).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

impl DrawTarget for Picture {
    type Color = Gray4;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Gray4>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Self::Error> {
        for Pixel(at, grey) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else { continue };
            let size = self.size();
            if x < size.width && y < size.height {
                self.greys[(y * self.width + x) as usize] = grey.luma();
            }
        }
        Ok(())
    }
}

impl OriginDimensions for Picture {
    fn size(&self) -> Size {
        Size::new(self.width, self.greys.len() as u32 / self.width.max(1))
    }
}

/// A clock by which every inference takes the given time.
#[derive(Clone, Copy, Debug)]
pub struct Replay {
    /// Nanoseconds of an inference.
    pub nanoseconds: u32,
    now: u64,
}

impl Replay {
    /// A clock at 0.
    pub const fn new(nanoseconds: u32) -> Self {
        Self { nanoseconds, now: 0 }
    }
}

impl Clock for Replay {
    fn nanoseconds(&mut self) -> u64 {
        self.now += u64::from(self.nanoseconds);
        self.now
    }
}
