//! Compilers in C for the processors of emulated boards, and programs on these.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, ensure};
use inkbit::device::Board;
use inkbit::device::emulator::Kind;
use inkbit::export::sources;
use inkbit::model::Blob;
use inkbit_tests::c_engine::{LIBRARY, LIBRARY_HEADERS, PROGRAMS, Source, TEMPLATES, WARNINGS};
use inkbit_tests::skipped;
use tempfile::TempDir;

/// Boards, and the compiler and the flags for the processor of each.
const COMPILERS: [(&str, &str, &[&str]); 4] = [
    ("microbit", "arm-none-eabi-gcc", &["-mcpu=cortex-m0", "-mthumb"]),
    ("lm3s6965evb", "arm-none-eabi-gcc", &["-mcpu=cortex-m3", "-mthumb"]),
    ("mps2-an386", "arm-none-eabi-gcc", &["-mcpu=cortex-m4", "-mthumb"]),
    ("riscv32-virt", "riscv64-unknown-elf-gcc", &["-march=rv32imc", "-mabi=ilp32"]),
];

/// Flags for the library of a target whose functions take floats in registers.
const HARD_FLOAT: &[&str] = &["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"];

/// Where the firmware is built, and the static library with it.
const FIRMWARE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware/target");

/// Flags for a program without a C library.
const BARE: &[&str] = &["-O2", "-ffreestanding", "-fno-builtin", "-nostdlib"];

/// A board whose processor a compiler is installed for.
pub struct Target {
    /// The board.
    pub board: Board,
    compiler: &'static str,
    flags: &'static [&'static str],
}

/// A program for a board, in a folder of its own.
pub struct Program<'t> {
    target: &'t Target,
    folder: TempDir,
}

/// The boards whose compilers are installed; says which are left out.
///
/// # Errors
///
/// If there is no such board.
pub fn targets() -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::new();
    for (name, compiler, flags) in COMPILERS {
        let is_installed = Command::new(compiler).arg("--version").output().is_ok();
        if is_installed {
            targets.push(Target { board: Board::find(name)?, compiler, flags });
        } else {
            skipped(&format!("engines for C on {name}"), &format!("{compiler} is not installed"));
        }
    }
    Ok(targets)
}

impl Target {
    /// Compiles the sources that `inkbit export` writes for a model, or an engine alone, with a
    /// program that answers jobs. Every warning is an error.
    ///
    /// # Errors
    ///
    /// What the compiler says.
    pub fn build(&self, source: Source, model: Option<&Blob>) -> anyhow::Result<Program<'_>> {
        let folder = tempfile::Builder::new().prefix("inkbit-c-").tempdir()?;
        let mut command = Command::new(self.compiler);
        command.args(WARNINGS).args(BARE).args(self.flags).current_dir(&folder);
        // The header beside the model's would be found before any other.
        let is_used = |name: &str| source == Source::C || name != "src/inkbit.h";
        if let Some(blob) = model {
            for (name, text) in sources::files(blob)?.into_iter().filter(|(name, _)| is_used(name))
            {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().context("a file in a folder")?)?;
                fs::write(path, text)?;
            }
            command.args(["-DMODEL", "-Isrc", "src/inkbit_model.c"]);
        }
        let [program, script] =
            ["device.c", "device.ld"].map(|name| Path::new(PROGRAMS).join(name));
        command.arg(program).arg("-T").arg(script);
        match (source, model) {
            (Source::C, Some(_)) => command.arg("src/inkbit.c"),
            (Source::C, None) => {
                command.args(["-I", TEMPLATES]).arg(Path::new(TEMPLATES).join("inkbit.c"))
            }
            (Source::Core, _) => {
                let target = &self.board.target;
                // No flag lets the linker leave functions out, so that it fails if any can panic.
                command.args(["-I", LIBRARY_HEADERS]);
                command.args(if target.ends_with("hf") { HARD_FLOAT } else { &[] });
                command.arg(Path::new(FIRMWARE).join(target).join(LIBRARY))
            }
        };
        let memory = &self.board.memory;
        let symbols = [
            ("flash", memory.flash.address),
            ("ram", memory.ram.address),
            ("ram_bytes", memory.ram.bytes),
        ];
        for (name, value) in symbols {
            command.arg(format!("-Wl,--defsym={name}={value}"));
        }
        succeed(command.args(["-lgcc", "-o", "program"]))?;
        Ok(Program { target: self, folder })
    }
}

/// What a program takes on a device, in bytes.
#[derive(Clone, Copy)]
pub struct Size {
    /// Code and constants.
    pub flash: usize,
    /// Variables, without the stack.
    pub ram: usize,
}

impl Program<'_> {
    /// What the program takes.
    ///
    /// # Errors
    ///
    /// If the compiler's tool does not tell.
    pub fn size(&self) -> anyhow::Result<Size> {
        let tool = self.target.compiler.replace("gcc", "size");
        let said = succeed(Command::new(&tool).arg("program").current_dir(&self.folder))?;
        let said = String::from_utf8(said.stdout)?;
        // Names of columns, and a line of numbers: text, data, bss.
        let mut numbers = said.lines().nth(1).unwrap_or_default().split_whitespace();
        let mut next = || numbers.next().and_then(|number| number.parse().ok());
        let (Some(flash), Some(0), Some(ram)) = (next(), next(), next()) else {
            anyhow::bail!("{tool} says something else than expected:\n{said}");
        };
        Ok(Size { flash, ram })
    }

    /// Runs the program in its emulator, and returns its answers.
    ///
    /// # Errors
    ///
    /// If the emulator fails, or the program ends with another code than 0.
    pub fn run(&self, jobs: &[u8]) -> anyhow::Result<Vec<u8>> {
        self.emulate(jobs, &[] as &[&str])
    }

    /// Runs the program and counts the instructions of each inference.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); and if the plugin is not built, or writes what nobody understands.
    pub fn count(&self, jobs: &[u8]) -> anyhow::Result<Vec<u64>> {
        let tool = self.target.compiler.replace("gcc", "nm");
        let symbols = succeed(Command::new(tool).arg("program").current_dir(&self.folder))?;
        let symbols = String::from_utf8(symbols.stdout)?;
        let root = symbols.lines().find_map(|line| line.strip_suffix(" T inkbit_infer"));
        let root = root.context("the program has no symbol inkbit_infer")?;
        let plugin = plugin().context("the counting plugin is not built; start `cargo xtask c`")?;
        let plugin = plugin.display();
        // No mark and no stack: an inference is counted as a whole.
        let options = format!("{plugin},root={root},marks=0,stack=0-0,out=counts");
        self.emulate(jobs, &["-plugin", &options])?;
        totals(&fs::read_to_string(self.folder.path().join("counts"))?)
            .context("the counting plugin writes other lines than are known")
    }

    fn emulate(&self, jobs: &[u8], more: &[impl AsRef<OsStr>]) -> anyhow::Result<Vec<u8>> {
        let Kind::Qemu { program, args } = &self.target.board.emulator else {
            anyhow::bail!("QEMU does not emulate this board");
        };
        let path = |name: &str| self.folder.path().join(name);
        fs::write(path("jobs"), jobs)?;
        let mut command = Command::new(program);
        command.current_dir(&self.folder).args(args).args(more);
        command.args(["-display", "none", "-monitor", "none", "-serial", "none"]);
        command.args(["-semihosting-config", "enable=on,target=native", "-kernel", "program"]);
        succeed(&mut command)?;
        Ok(fs::read(path("answers"))?)
    }
}

/// Runs a program; an error has what it says.
fn succeed(command: &mut Command) -> anyhow::Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let ended = command.output().with_context(|| format!("cannot start {name}"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "{name} ended with {}\n{said}", ended.status);
    Ok(ended)
}

/// The plugin, which cargo leaves in the folder above that of this program.
fn plugin() -> Option<PathBuf> {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    let name = format!("{DLL_PREFIX}inkbit_count_plugin{DLL_SUFFIX}");
    let program = std::env::current_exe().ok()?;
    program.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|file| file.exists())
}

/// The instructions of each call, of the lines that the plugin's documentation defines.
fn totals(text: &str) -> Option<Vec<u64>> {
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let (mut blocks, mut totals, mut total) = (Vec::new(), Vec::new(), 0);
    for line in text.lines() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("block", rest) => blocks.push(number(rest.rsplit(' ').next()?)?),
            ("segment", rest) => {
                for runs in rest.split_whitespace() {
                    let mut parts = runs.split(':').map(number);
                    let (block, runs) = (parts.next()??, parts.next()??);
                    total += runs * blocks.get(block as usize)?;
                }
            }
            ("return", _) => totals.push(std::mem::take(&mut total)),
            _ => return None,
        }
    }
    Some(totals)
}
