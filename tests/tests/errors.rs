//! Every error of core is reached and states the right numbers.

use inkbit_core::blob::{OLDEST_VERSION, VERSION, pack_layer};
use inkbit_core::{Engine, Header, LayerShape, Model, ModelError, Numbers, Scratch};
use inkbit_tests::Aligned;
use inkbit_tests::c_engine::engines;
use inkbit_tests::oracle::{Oracle, OracleLayer, OracleProvenance, OracleStage, crc32, seal};

use super::golden::{features, recipe};

mod shapes;

/// A sound model of 36 inputs, 3 hidden units and 2 classes.
fn sound() -> Oracle {
    let mut oracle = Oracle::read(&recipe(&[(3, 4), (2, 8)]).blob()).unwrap();
    let provenance = OracleProvenance::read(&oracle.provenance).unwrap();
    // With it, the parameters need padding before them.
    oracle.provenance = OracleProvenance { command: "x".into(), ..provenance }.write();
    oracle
}

/// Core's error for a blob, which is that of the engines for C, too.
fn blob_message(bytes: &[u8]) -> String {
    let error = Model::parse(&Aligned::new(bytes)).expect_err("a fault");
    for engine in engines() {
        let found = engine.ask(bytes, &[[]; 0]).expect_err("a fault");
        assert_eq!(found, u32::from(error.code()), "{}: {error}", engine.build);
    }
    error.to_string()
}

/// Core's error for a model with one change.
fn message_of(mut model: Oracle, change: impl Fn(&mut Oracle)) -> String {
    change(&mut model);
    let blob = model.write();
    assert!(Oracle::read(&blob).is_err(), "the oracle reads it");
    blob_message(&blob)
}

/// Core's error for a sound model with one change.
fn message(change: impl Fn(&mut Oracle)) -> String {
    message_of(sound(), change)
}

/// The same, of a change to its only stage.
fn stage_message(change: impl Fn(&mut OracleStage)) -> String {
    message(|model| change(&mut model.stages[0]))
}

/// Core's error for the provenance of a model, which is one with some change.
fn provenance_message(change: impl Fn(&mut OracleProvenance)) -> String {
    let mut provenance = OracleProvenance::read(&sound().provenance).unwrap();
    change(&mut provenance);
    origin_message(&provenance.write())
}

/// Core's error for a provenance; the model with it can be read.
fn origin_message(provenance: &[u8]) -> String {
    assert!(OracleProvenance::read(provenance).is_err(), "the oracle reads it");
    let blob = Aligned::new(&Oracle { provenance: provenance.to_vec(), ..sound() }.write());
    let model = Model::parse(&blob).expect("nobody looks into its provenance");
    model.header().origin().expect_err("a fault").to_string()
}

/// Core's error for a sound blob with some bytes replaced.
fn spliced(at: usize, remove: usize, insert: &[u8]) -> String {
    let mut blob = sound().write();
    blob.splice(at..at + remove, insert.iter().copied());
    seal(&mut blob);
    assert!(Oracle::read(&blob).is_err(), "the oracle reads it");
    blob_message(&blob)
}

#[test]
fn prefix_errors_say_what_was_found() {
    let blob = sound().write();
    let changed = |at: usize, value: u8| {
        let mut changed = blob.clone();
        changed[at] = value;
        blob_message(&changed)
    };
    let length = blob.len();
    assert_eq!(
        Model::parse(&Aligned::at(&blob, 3)).unwrap_err().to_string(),
        "model bytes start 3 past a multiple of 8; place them on an 8-byte boundary"
    );
    assert_eq!(blob_message(&[0xFF; 12]), "no model here: every byte is 0xff; flash a model");
    assert_eq!(blob_message(&[0; 99]), "no model here: every byte is 0x00; flash a model");
    assert_eq!(
        changed(0, b'P'),
        "not an Inkbit model: it begins with [50, 4e, 4b, 42, 49, 54], not with \"INKBIT\"; check \
         the file or address"
    );
    assert_eq!(
        changed(6, 1),
        "model has format version 1, this build reads 3; quantize it again with this version, \
         or use the version that wrote it"
    );
    assert!(changed(6, 2).starts_with("model has format version 2, this build reads 3; "));
    assert!(changed(6, 4).starts_with("model has format version 4, this build reads 3; "));
    assert_eq!((OLDEST_VERSION, VERSION), (2, 3));
    assert_eq!(
        blob_message(&blob[..11]),
        "model is cut off: 11 bytes of 12; copy or flash it again"
    );
    assert_eq!(
        blob_message(&blob[..100]),
        format!("model is cut off: 100 bytes of {length}; copy or flash it again")
    );
    let mut short = blob.clone();
    short[8..12].copy_from_slice(&[15, 0, 0, 0]);
    assert_eq!(blob_message(&short), "model is cut off: 15 bytes of 16; copy or flash it again");
    assert_eq!(
        blob_message(&[&blob[..], &[1, 2, 3]].concat()),
        format!("model of {length} bytes is followed by 3 more; copy it again")
    );
    let mut damaged = blob.clone();
    damaged[length - 5] ^= 1;
    assert_eq!(
        blob_message(&damaged),
        format!(
            "model is damaged: CRC {:#010x}, stored {:#010x}; copy or flash it again",
            crc32(&damaged[..length - 4]),
            crc32(&blob[..length - 4])
        )
    );
}

#[test]
fn wire_errors_tell_numbers_texts_and_extent_apart() {
    const NUMBER: &str = "model has a number out of its field's range or not in its shortest form; \
                          mend the program that wrote it";
    // The name's length, 6, in two bytes; then in so many that only 64 bits could hold it.
    assert_eq!(spliced(12, 1, &[0x86, 0]), NUMBER);
    assert_eq!(spliced(12, 1, &[0x86, 0x80, 0x80, 0x80, 0x80, 0]), NUMBER);
    assert_eq!(spliced(12, 1, &[0xFF; 12]), NUMBER);
    // The kind of the sample follows the name and "c0\nc1". Then the width of the image, a `u16`,
    // as 65,536; and the kind of its layout.
    assert_eq!(spliced(25, 1, &[2]), NUMBER);
    assert_eq!(spliced(26, 1, &[0x80, 0x80, 4]), NUMBER);
    assert_eq!(spliced(28, 1, &[3]), NUMBER);
    // Margin and prominence, a `u32` each, as 2³²; how the first layer's numbers are stored.
    assert_eq!(spliced(39, 1, &[0x80, 0x80, 0x80, 0x80, 0x10]), NUMBER);
    assert_eq!(spliced(40, 1, &[0x80, 0x80, 0x80, 0x80, 0x10]), NUMBER);
    assert_eq!(spliced(47, 1, &[2]), NUMBER);
    // Whether features are signed, behind "c0\nc1\nc2\nc3", their kind and their number.
    let mut blob = Oracle::read(&features(12, true, false).blob()).unwrap().write();
    assert_eq!(blob[31..35], [1, 12, 1, 1]);
    blob[33] = 2;
    seal(&mut blob);
    assert_eq!(blob_message(&blob), NUMBER);
    assert_eq!(
        spliced(13, 1, &[0xFF]),
        "model has a text that is not UTF-8; mend the program that wrote it"
    );
    let length = sound().write().len();
    let extent = |length: usize| {
        format!(
            "model's fields do not end with its {length} bytes though its CRC is right; mend the \
             program that wrote it"
        )
    };
    assert_eq!(spliced(length - 4, 0, &[0; 8]), extent(length + 8));
    assert_eq!(spliced(length - 12, 8, &[]), extent(length - 8));
    assert_eq!(spliced(12, 1, &[0xFF, 0x7F]), extent(length + 1));
}

#[test]
fn header_errors_say_what_was_found() {
    for count in [0, 9, 300] {
        assert_eq!(
            stage_message(|stage| stage.layers = vec![OracleLayer::default(); count]),
            shapes::count_error(count)
        );
    }
    assert_eq!(
        stage_message(|stage| stage.layers[0].outputs = 4097),
        "layer 0 has a width of 4097; train a model with widths of 1 to 4096"
    );
    assert_eq!(
        stage_message(|stage| stage.layers[1].inputs = 0),
        "layer 1 has a width of 0; train a model with widths of 1 to 4096"
    );
    assert_eq!(
        stage_message(|stage| stage.layers[1].inputs = 5),
        "layer 1 takes 5 values but is given 3; make them equal"
    );
    assert_eq!(
        message(|model| model.sample = shapes::image(7, 7)),
        "layer 0 takes 36 values but is given 49; make them equal"
    );
    assert_eq!(spliced(45, 1, &[3]), "layer 0 has weights of 3 bits; quantize it to 8, 4 or 2");
    assert_eq!(
        stage_message(|stage| stage.layers[0].multipliers = vec![1; 2]),
        "layer 0 has 2 multipliers; give it 3 or 1"
    );
    assert_eq!(
        stage_message(|stage| stage.layers[1].multipliers = vec![1]),
        "layer 1 has 1 multipliers; give it 0"
    );
    assert_eq!(
        message(|model| model.labels = "a\nb\nc".into()),
        "model has 3 class labels for 2 classes; give one each"
    );
    let many = Oracle::read(&recipe(&[(11, 8)]).blob()).unwrap();
    assert_eq!(
        message_of(many, |model| model.labels.clear()),
        "model has 10 class labels for 11 classes; give one each"
    );
    assert_eq!(
        message(|model| model.labels = "a\n".into()),
        "the label of class 1 is empty; give it a name"
    );
    for (field, limit, set) in [
        ("name", 32, (|model, text| model.name = text) as fn(&mut Oracle, String)),
        ("labels", 65_535, |model, text| model.labels = text),
        ("provenance", 631, |model, text| model.provenance = text.into_bytes()),
    ] {
        let found = limit + 1;
        assert_eq!(
            message(|model| set(model, "x".repeat(found))),
            format!("{field} of {found} bytes is too long; shorten it to {limit}")
        );
    }
    for scale in [0.0, -0.0, -1.0, f32::INFINITY, f32::NAN] {
        assert_eq!(
            stage_message(|stage| stage.logit_scale = scale),
            "logit scale is not a positive finite number; mend the program that wrote it"
        );
    }
}

#[test]
fn provenance_errors_name_the_field_or_the_bytes() {
    assert_eq!(
        provenance_message(|from| (from.correct, from.tested) = (11, 10)),
        "11 correct answers of 10 test images cannot be; measure them again"
    );
    assert_eq!(
        provenance_message(|from| from.tool = "x".repeat(65)),
        "tool of 65 bytes is too long; shorten it to 64"
    );
    assert_eq!(
        provenance_message(|from| from.command = "x".repeat(513)),
        "command of 513 bytes is too long; shorten it to 512"
    );
    let mut bytes = sound().provenance;
    let unreadable = |bytes: &[u8]| {
        assert_eq!(
            origin_message(bytes),
            format!(
                "model has a provenance of {} bytes that cannot be read; mend the program that wrote it",
                bytes.len()
            )
        );
    };
    unreadable(&bytes[..bytes.len() - 1]);
    unreadable(&[&bytes[..], &[0]].concat());
    // The number of images in two bytes, which one could hold.
    *bytes.last_mut().unwrap() |= 0x80;
    bytes.push(0);
    unreadable(&bytes);
}

#[test]
fn parameter_errors_name_layer_and_row() {
    for bias in [(1 << 30) + 1, -(1 << 30) - 1, i64::from(i32::MIN)] {
        assert_eq!(
            stage_message(|stage| stage.layers[1].biases[1] = bias),
            format!(
                "layer 1, row 1: bias {bias} is beyond ±1073741824 and the row could overflow; \
                 scale the layer down or train with weight decay"
            )
        );
    }
    assert_eq!(
        stage_message(|stage| stage.layers[1].biases = vec![0; 4]),
        "model has 208 bytes of parameters, its layers need 200; mend the program that wrote it"
    );
    let blob = sound().write();
    // The length of the data, in two bytes, follows the padding, and that its own length.
    let end = blob.len() - 4 - 200 - 2;
    let at = (end - 8..end - 1).find(|&at| usize::from(blob[at]) == end - 1 - at).unwrap();
    let found = blob[at];
    let padding = format!(
        "parameters are padded by {found} bytes and not aligned to 8 by zeros; mend the program \
         that wrote it"
    );
    assert_eq!(spliced(at + 1, 1, &[9]), padding);
    let longer = usize::from(found) + 8;
    assert_eq!(
        spliced(at, 1, &[&[longer as u8][..], &[0; 8]].concat()),
        padding.replace(&format!("by {found} bytes"), &format!("by {longer} bytes"))
    );
}

#[test]
fn writer_errors_name_layer_row_and_bound() {
    const SHAPE: LayerShape =
        LayerShape { inputs: 2, outputs: 3, bits: 4, multipliers: 1, numbers: Numbers::Wide };
    let pack = |shape, multipliers: &[u32], bias: &[i64], weight: i32, room: usize| {
        let weight =
            |output: usize, input: usize| if (output, input) == (2, 1) { weight } else { 1 };
        let mut out = vec![0; room];
        let packed = pack_layer(5, shape, multipliers, bias, weight, &mut out);
        packed.map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        pack(SHAPE, &[1], &[0; 3], 2, 99),
        "layer 5, row 2: weight 2 does not fit 4 bits; quantize it to an odd number from -15 to 15"
    );
    assert_eq!(
        pack(LayerShape { bits: 8, ..SHAPE }, &[1], &[0; 3], -128, 99),
        "layer 5, row 2: weight -128 does not fit 8 bits; quantize it to -127 to 127"
    );
    assert_eq!(
        pack(LayerShape { bits: 2, ..SHAPE }, &[1], &[0; 3], i32::MAX, 99),
        "layer 5, row 2: weight 2147483647 does not fit 2 bits; quantize it to -3, -1, 1 or 3"
    );
    assert_eq!(
        pack(SHAPE, &[1], &[0, i64::MAX, 0], 1, 99),
        "layer 5, row 1: bias 9223372036854775807 is beyond ±1073741824 and the row could \
         overflow; scale the layer down or train with weight decay"
    );
    assert_eq!(
        pack(SHAPE, &[1], &[0; 4], 1, 99),
        "layer 5 has 4 biases for 3 outputs; give one each"
    );
    assert_eq!(pack(SHAPE, &[1; 2], &[0; 3], 1, 99), "layer 5 has 2 multipliers; give it 1");
    assert_eq!(
        pack(LayerShape { bits: 5, ..SHAPE }, &[1], &[0; 3], 1, 99),
        "layer 5 has weights of 5 bits; quantize it to 8, 4 or 2"
    );
    assert_eq!(
        pack(LayerShape { inputs: 5000, ..SHAPE }, &[1], &[0; 3], 1, 99),
        "layer 5 has a width of 5000; train a model with widths of 1 to 4096"
    );
    assert_eq!(pack(SHAPE, &[1], &[0; 3], 1, 23), "buffer of 23 bytes is too small; make it 24");
    let numbers = Numbers::Narrow { multiplier_shift: 4, bias_shift: 1 };
    let narrow = LayerShape { numbers, ..SHAPE };
    for (multiplier, bias, row, found, shift) in [
        (17, 0, 0, 17, 4),
        (1 << 20, 0, 0, 1 << 20, 4),
        (16, 65_536, 2, 65_536, 1),
        (16, -65_538, 2, -65_538, 1),
        (16, 3, 2, 3, 1),
    ] {
        assert_eq!(
            pack(narrow, &[multiplier], &[0, 0, bias], 1, 99),
            format!(
                "layer 5, row {row}: {found} does not fit 16 bits shifted by {shift} places; \
                 round it, or store the layer's numbers wide"
            )
        );
    }
    for (multiplier, bias) in [(65_535 << 4, 65_534), (0, -65_536)] {
        let mut out = [0; 20];
        let packed = pack_layer(5, narrow, &[multiplier], &[bias; 3], |_, _| 1, &mut out);
        assert!(packed.unwrap().is_empty());
    }
}

#[test]
fn buffers_that_are_too_small_are_named_with_the_size_they_need() {
    let blob = recipe(&[(3, 4), (2, 8)]).blob();
    let model = Model::parse(&blob).unwrap();
    let needed = blob.len();
    for found in [0, 1, needed - 1] {
        let error = model.write(&mut vec![0; found]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("buffer of {found} bytes is too small; make it {needed}")
        );
    }
    assert_eq!(model.write(&mut vec![0; needed]).unwrap(), &*blob);
    assert_eq!(
        Engine::new(model.clone(), Scratch::<38>::new()).unwrap_err().to_string(),
        "model needs 39 cells of working memory, 38 are built in; flash a smaller model or firmware \
         with Scratch<39>"
    );
    assert!(Engine::new(model, Scratch::<39>::new()).is_ok());
}

#[test]
fn a_header_is_checked_without_a_blob_too() {
    let blob = recipe(&[(3, 4), (2, 8)]).blob();
    let model = Model::parse(&blob).unwrap();
    let header = model.header().clone();
    assert_eq!(Model::new(header.clone(), model.data()), Ok(model.clone()));
    let (found, expected) = (model.data().len() - 1, model.data().len());
    assert_eq!(
        Model::new(header.clone(), &model.data()[..found]).unwrap_err(),
        ModelError::Data { found, expected }
    );
    assert_eq!(
        Model::new(header.clone(), &model.data()[1..]).unwrap_err(),
        ModelError::Misaligned { remainder: 1 }
    );
    let header = Header { name: "a name of more than thirty-two bytes", ..header };
    let error = Model::new(header, model.data()).unwrap_err();
    assert_eq!(error, ModelError::Text { field: "name", found: 36, limit: 32 });
}
