#![allow(unsafe_code)] // for the linker: a name that it looks for, and one that it does not find

use core::fmt::{self, Write as _};
use core::hint::black_box;
use core::panic::PanicInfo;

use inkbit_core::blob::CrcCheck;
use inkbit_core::kernel::Portable;
use inkbit_core::link::{self, Answerer, Receiver, Request, Response};
use inkbit_core::{
    Engine, Error, Frame, Header, LayerOutput, Layout, Model, PackError, Scratch, image, softmax,
};

unsafe extern "C" {
    safe fn something_in_inkbit_core_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    something_in_inkbit_core_can_panic()
}

/// The entry point, from which the linker follows all references.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        if let Err(error) = classify(some()).and_then(|()| observe(some())) {
            black_box(error.code());
            show(&error);
        }
        if let Err(error) = make(some()) {
            show(&error);
        }
        if let Err(error) = answer(some()) {
            show(&error);
        }
        draw();
        receive();
        respond();
    }
}

/// Bytes whose number and values the compiler does not know.
fn some() -> &'static [u8] {
    black_box(&[])
}

fn room() -> &'static mut [u8] {
    black_box(&mut [])
}

/// What a device does with a model and an image, whatever their bytes.
fn classify(flash: &[u8]) -> Result<(), Error> {
    let model = Model::parse_region(flash)?;
    let mut check = CrcCheck::new(flash)?;
    while black_box(check.step(black_box(32))?).is_none() {}
    let mut engine = Engine::new(model, Scratch::<1040>::new())?;
    let class = engine.infer(some())?.argmax();
    black_box(engine.model().label(class));
    if engine.fingerprint() != black_box(0) {
        engine.set_model(Model::parse(check.blob())?)?;
    }
    let mut engine = engine.for_samples::<784>()?;
    let logits = engine.infer(black_box(&[0; 784]));
    black_box((logits.class(), logits.stage(), logits.stands()));
    let scale = logits.scale();
    black_box(softmax::probability(&logits, scale, class));
    let mut probabilities = [0.0; 10];
    softmax::softmax(&logits, scale, &mut probabilities);
    black_box(probabilities);
    softmax::permille(&logits, scale).for_each(|share| {
        black_box(share);
    });
    Ok(())
}

/// A firmware that has nothing but a model, and answers a host.
fn answer(flash: &'static [u8]) -> Result<(), Error> {
    const REQUEST: usize = link::request_bytes(784);
    let engine = Engine::new(Model::parse(flash)?, Scratch::<1040>::new())?;
    let mut engine = engine.for_samples::<784>()?;
    let mut answerer = Answerer::<REQUEST, 784>::new("mine", flash);
    while let Some(frame) = answerer.push(black_box(1), &mut engine) {
        black_box(frame);
    }
    Ok(())
}

/// What a test on a device, or a display of activations, does with them.
fn observe(flash: &[u8]) -> Result<(), Error> {
    let model = Model::parse(flash)?;
    let cells = black_box::<&mut [i32]>(&mut []);
    black_box(model.infer(cells, some())?.class());
    let mut engine = Engine::new(model, cells)?;
    look(0, LayerOutput::Activations(engine.inputs(some())?));
    engine.infer_observed(some(), look)?;
    black_box(engine.infer_by::<Portable>(some(), look)?.into_slice());
    for layer in engine.model().layers() {
        let (output, input) = black_box((1, 2));
        black_box((layer.weight(output, input), layer.bias(output), layer.multiplier(output)));
        let (mut biases, mut multipliers) = ([0; 16], [0; 16]);
        layer.numbers(black_box(3), &mut biases, &mut multipliers);
        black_box((biases, multipliers));
    }
    let model = engine.model();
    black_box((model.layers_of(black_box(1)).len(), model.stages().len(), model.input().size()));
    model.ranges().for_each(|range| {
        black_box(range.input(black_box(3)));
    });
    Ok(())
}

fn look(layer: usize, output: LayerOutput<'_>) {
    match output {
        LayerOutput::Activations(active) => active.iter().for_each(|unit| {
            black_box((layer, unit));
        }),
        LayerOutput::Logits(logits) => {
            black_box(logits);
        }
    }
}

/// A device that makes a model, of a header and data that may be anything, and writes its blob.
fn make(flash: &[u8]) -> Result<(), PackError> {
    let known = Model::parse(flash)?;
    let layers = black_box(known.header().layers.clone());
    let header = Header { labels: black_box(""), layers, ..known.header().clone() };
    let model = Model::new(header, some())?;
    black_box((model.max_blob_bytes(), model.scratch_cells()));
    #[cfg(feature = "write")]
    black_box(model.write(room())?);
    Ok(())
}

/// Where text goes that nobody reads.
struct Paper;

impl fmt::Write for Paper {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

fn show(error: &dyn fmt::Display) {
    black_box(write!(Paper, "{error}").is_ok());
}

fn draw() {
    let side = black_box(28);
    let layout = black_box(Layout::Fitted);
    let frame = Frame { width: black_box(28), height: black_box(32), layout };
    image::lay(some(), black_box(64), black_box(64), room(), frame);
    image::recentre(some(), side, room());
    black_box(image::centre_of_mass(some(), side));
}

/// What a device does with the bytes of a serial line, whatever they are, and with its answers.
/// [`link::encode`] runs on the host only.
fn receive() {
    let mut receiver = Receiver::<1024>::new();
    for &byte in some() {
        if let Some(Ok(message)) = receiver.push(byte)
            && let Ok(Request::Classify { pixels, .. }) = link::device::read_request(message)
        {
            black_box(link::unpack_pixels(pixels, room()));
        }
    }
}

fn respond() {
    let logits: &[i32] = black_box(&[1, 2, 3]);
    let response = Response::Logits { id: black_box(1), nanoseconds: black_box(2), logits };
    black_box(link::device::write_response(&response, room()));
}
