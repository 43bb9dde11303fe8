//! The book's page for somebody with a new Pico, followed from top to bottom in the emulator: each
//! command is executed, what it prints is what the page says, each button is pressed, and each picture is
//! what the display shows. `INKBIT_BLESS=1` writes the pictures anew; look at them.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use image::{GrayImage, Luma};
use inkbit_core::link::Key;

use crate::book::{Block, blocks, execute, place, root};
use crate::device::can_emulate;
use crate::pico::Pico;
use crate::place::Place;

/// What the page calls a real board's disk and port.
const DISK: &str = "/media/you/RPI-RP2";
const PORT: &str = "/dev/ttyACM0";

/// A button must be down for longer than it bounces.
const PRESS: Duration = Duration::from_millis(12);

/// Pixels of a picture for one of the display's.
const SCALE: u32 = 4;

/// The line with the time of the inference, which differs from run to run.
const TIME: [Range<u32>; 2] = [86..128, 20..30];

/// A board that somebody follows the page with.
struct Desk {
    place: Place,
    pico: Pico,
    /// What the last command has printed.
    printed: String,
}

impl Desk {
    /// Executes a command of the page, with the emulated board in place of the real one.
    fn execute(&mut self, command: &str) {
        let port = &self.pico.port;
        let disk = self.place.path("disk").display().to_string();
        let mut here = command.replace(PORT, port);
        if command.starts_with("inkbit flash") {
            // A real one is found without these.
            here += &format!(" --port {port}");
            if self.place.path("disk/INFO_UF2.TXT").exists() {
                here += &format!(" --disk {disk}");
            }
        }
        let printed = execute(&self.place, &here);
        let printed = printed.unwrap_or_else(|output| panic!("{command}\n{output}"));
        self.printed = printed.replace(port, PORT).replace(&disk, DISK);
    }

    /// Presses the buttons of a line such as `7 times: down 2, left 1`, behind which two spaces and a
    /// remark may stand.
    fn press(&mut self, line: &str) {
        let (presses, _) = line.split_once("  ").unwrap_or((line, ""));
        let (times, presses) = presses.split_once(" times: ").unwrap_or(("1", presses));
        for _ in 0..times.parse::<usize>().unwrap() {
            for press in presses.split(", ") {
                let mut words = press.split(' ');
                let (name, rest) = (words.next().unwrap(), words.collect::<Vec<_>>());
                let wiring = &mut self.pico.wiring;
                match rest[..] {
                    [] => wiring.press(key(name), PRESS).unwrap(),
                    ["+", with] => wiring.press_while(key(name), key(with), PRESS).unwrap(),
                    [count] => (0..count.parse::<usize>().unwrap())
                        .for_each(|_| wiring.press(key(name), PRESS).unwrap()),
                    _ => panic!("{line}: what is to be pressed?"),
                }
            }
        }
    }

    /// What the display shows, once it is this or has had the time for it.
    fn picture(&mut self, expected: &GrayImage) -> GrayImage {
        let start = Instant::now();
        loop {
            let glass = self.pico.wiring.screen().unwrap();
            let lit = |x, y| glass.colours[(y / SCALE * glass.width + x / SCALE) as usize] != 0;
            let size = [glass.width, glass.height].map(|pixels| pixels * SCALE);
            let shown =
                GrayImage::from_fn(size[0], size[1], |x, y| Luma([u8::from(lit(x, y)) * 255]));
            if alike(&shown, expected) || start.elapsed() > Duration::from_secs(3) {
                return shown;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn compare(&mut self, file: &Path) {
        let expected =
            image::open(file).map_or_else(|_| GrayImage::new(1, 1), |file| file.to_luma8());
        let shown = self.picture(&expected);
        if std::env::var_os("INKBIT_BLESS").is_some() && !alike(&shown, &expected) {
            shown.save(file).unwrap();
        } else if !alike(&shown, &expected) {
            let found = std::env::temp_dir().join(file.file_name().unwrap());
            shown.save(&found).unwrap();
            panic!("{} is not what the display shows: {}", file.display(), found.display());
        }
    }
}

fn key(name: &str) -> Key {
    match name {
        "up" => Key::Up,
        "down" => Key::Down,
        "left" => Key::Left,
        "right" => Key::Right,
        "select" => Key::Select,
        other => panic!("no button is called {other}"),
    }
}

/// Whether pictures are the same but for the time that they show.
fn alike(shown: &GrayImage, expected: &GrayImage) -> bool {
    let [columns, rows] = &TIME;
    let is_time = |x: u32, y: u32| columns.contains(&(x / SCALE)) && rows.contains(&(y / SCALE));
    shown.dimensions() == expected.dimensions()
        && shown
            .enumerate_pixels()
            .all(|(x, y, pixel)| is_time(x, y) || pixel == expected.get_pixel(x, y))
}

/// The file of a picture that a line of a page is.
fn picture(line: &str) -> Option<&str> {
    let (_, file) = line.strip_prefix("![")?.split_once("](")?;
    file.strip_suffix(')')
}

#[test]
fn who_follows_the_page_with_a_new_pico_sees_its_pictures_and_draws_a_seven() {
    if !can_emulate(["pico"]) {
        return;
    }
    let folder = root().join("docs/src");
    let page = fs::read_to_string(folder.join("pico.md")).unwrap();
    let place = place();
    let pico = Pico::blank(&place);
    let mut desk = Desk { place, pico, printed: String::new() };
    let mut blocks = blocks(&page).into_iter().peekable();
    let [mut commands, mut pictures, mut pressed, mut sevens] = [0; 4];
    for (number, line) in (1..).zip(page.lines()) {
        if let Some(file) = picture(line) {
            desk.compare(&folder.join(file));
            pictures += 1;
            if file.contains("seven") {
                assert_eq!(desk.pico.client().status().unwrap().class, Some(7));
                sevens += 1;
            }
        }
        let Some(Block { language, code, comment, .. }) =
            blocks.next_if(|block| block.line == number)
        else {
            continue;
        };
        match language {
            "sh" => {
                code.lines().for_each(|command| desk.execute(command));
                commands += code.lines().count();
            }
            "text" if comment == "pressed" => {
                code.lines().for_each(|line| desk.press(line));
                pressed += code.lines().count();
            }
            "text" => assert_eq!(desk.printed.trim_end(), code, "line {number}"),
            other => panic!("line {number}: what is to be done with a block of `{other}`?"),
        }
    }
    assert!(commands >= 6 && pictures >= 4 && pressed >= 6, "{commands}, {pictures}, {pressed}");
    assert!(blocks.next().is_none(), "a block was left out");
    assert_eq!(pictures, page.matches("](pictures/").count(), "a picture was left out");
    assert_eq!(sevens, 1, "the page shows the seven that is drawn");
}
