//! Limits of a blob's bytes: the shortest one, the padding, and the buffer for the longest.

use inkbit_core::blob::{PREFIX_BYTES, pack_layer, stated_length};
use inkbit_core::{
    Header, LayerShape, MAX_LAYERS, MAX_PROVENANCE, MAX_STAGES, Model, ModelError, Numbers,
    Provenance, Sample, Stage, WeightBits,
};
use inkbit_tests::Aligned;
use inkbit_tests::oracle::{Oracle, OracleProvenance, seal};

use super::golden::recipe;

#[test]
fn the_shortest_length_that_is_believed_is_that_of_prefix_and_crc() {
    let prefix = |length: u8| {
        let mut bytes = b"INKBIT\x03\x00....".to_vec();
        bytes[8..].copy_from_slice(&u32::from(length).to_le_bytes());
        bytes
    };
    let shortest = PREFIX_BYTES + 4;
    let error = ModelError::Truncated { found: shortest - 1, expected: shortest };
    assert_eq!(stated_length(&prefix(15)), Err(error));
    assert_eq!(stated_length(&prefix(16)), Ok(shortest));
}

#[test]
fn padding_that_is_longer_than_needed_is_refused() {
    let oracle = Oracle::read(&recipe(&[(3, 8)]).blob()).unwrap();
    // Each length of a text needs another padding.
    for text in 0..8 {
        let tool = "x".repeat(text);
        let provenance = OracleProvenance { tool, ..OracleProvenance::default() }.write();
        let blob = Oracle { provenance, ..oracle.clone() }.write();
        let aligned = Aligned::new(&blob);
        let data = Model::parse(&aligned).unwrap().data();
        // The length of the data takes two bytes; before it lie the padding and its length.
        assert!((128..16_384).contains(&data.len()));
        let end = data.as_ptr().addr() - aligned.as_ptr().addr() - 2;
        let pad = (0..8).rev().find(|&pad| usize::from(blob[end - 1 - pad]) == pad).unwrap();
        for more in 1..=8 {
            let mut longer = blob.clone();
            longer[end - 1 - pad] += more;
            longer.splice(end..end, vec![0; more.into()]);
            seal(&mut longer);
            let found = pad + usize::from(more);
            let error = Model::parse(&Aligned::new(&longer)).unwrap_err();
            assert_eq!(error, ModelError::Padding { found }, "{pad} bytes and {more}");
        }
    }
}

#[test]
fn the_buffer_for_a_blob_holds_the_longest_and_is_not_much_longer() {
    let layers: Vec<(u16, u8)> = vec![(200, 8); MAX_LAYERS];
    let blob = recipe(&layers).blob();
    let model = Model::parse(&blob).unwrap();
    let longest = |count| "x".repeat(count);
    let (name, tool, command) = (longest(32), longest(64), longest(512));
    let labels = vec![longest(100); 200].join("\n");
    let origin = Provenance {
        tool: &tool,
        command: &command,
        digest: [0xFF; 32],
        seed: u64::MAX,
        correct: u32::MAX,
        tested: u32::MAX,
    };
    let mut room = [0; MAX_PROVENANCE];
    let provenance = origin.write(&mut room).unwrap();
    assert_eq!((provenance.len(), Provenance::read(provenance)), (MAX_PROVENANCE, Ok(origin)));
    let mut header = Header { name: &name, labels: &labels, provenance, ..model.header().clone() };
    // Features have more bytes of ranges than an image of a header.
    header.layers.iter_mut().for_each(|shape| shape.inputs = 200);
    header.sample = Sample::Features { count: 200, signed: true, ranges: 200 };
    let stage = Stage { margin: u32::MAX, prominence: u32::MAX, layers: 2, ..header.stages[0] };
    header.stages = [stage; MAX_STAGES].into_iter().collect();
    header.layers.iter_mut().enumerate().for_each(|(number, shape)| {
        shape.multipliers = if number % 2 == 1 { 0 } else { 200 };
    });
    let data = Aligned::new(&vec![0; header.data_bytes()]);
    let short = Header { name: "", labels: model.header().labels, ..header.clone() };
    for header in [header, short] {
        let model = Model::new(header, &data).unwrap();
        let mut out = vec![0; model.max_blob_bytes()];
        let length = model.write(&mut out).expect("it fits").len();
        assert!(out.len() <= length + 256 + 16 * MAX_LAYERS, "{} bytes for {length}", out.len());
    }
}

#[test]
fn packed_weights_biases_and_multipliers_are_what_the_oracle_reads() {
    for (bits, width) in [(8, WeightBits::Eight), (4, WeightBits::Four), (2, WeightBits::Two)] {
        let narrow = Numbers::Narrow { multiplier_shift: 3, bias_shift: 2 };
        for (outputs, numbers) in [1, 7, 8, 9, 16, 17, 33]
            .into_iter()
            .flat_map(|outputs| [(outputs, Numbers::Wide), (outputs, narrow)])
        {
            let shapes = [
                LayerShape { inputs: 9, outputs, bits, multipliers: outputs, numbers },
                LayerShape { inputs: outputs, outputs: 2, bits, multipliers: 0, numbers },
            ];
            // Another one at each place, as far as there are so many.
            let weight = |output: usize, input: usize| {
                let steps = 2 * width.max_weight() / width.step() + 1;
                (output * 31 + input * 7) as i32 % steps * width.step() - width.max_weight()
            };
            let mut data = vec![0xAA; shapes.iter().map(LayerShape::data_bytes).sum()];
            let mut rest = &mut data[..];
            for (number, shape) in shapes.into_iter().enumerate() {
                let multipliers: Vec<u32> = (0..shape.multipliers.into()).map(|m| m * 40).collect();
                let bias: Vec<i64> = (0..i64::from(shape.outputs)).map(|b| 12 - 4 * b).collect();
                rest = pack_layer(number, shape, &multipliers, &bias, weight, rest).unwrap();
            }
            assert!(rest.is_empty());
            let blob = recipe(&[(2, 8), (2, 8)]).blob();
            let header = Header {
                sample: Sample::mnist(3),
                layers: shapes.into_iter().collect(),
                ..Model::parse(&blob).unwrap().header().clone()
            };
            let data = Aligned::new(&data);
            let model = Model::new(header, &data).unwrap();
            let mut out = vec![0; model.max_blob_bytes()];
            let oracle = Oracle::read(model.write(&mut out).unwrap()).unwrap();
            for (shape, layer) in shapes.iter().zip(&oracle.stages[0].layers) {
                for (output, codes) in layer.codes.iter().enumerate() {
                    let codes = codes.iter().map(|&code| Some(code));
                    let expected = (0..shape.inputs.into()).map(|i| width.code(weight(output, i)));
                    assert!(codes.eq(expected), "{bits} bits, output {output} of {outputs}");
                }
                let biases = (0..shape.outputs.into()).map(|b| 12 - 4 * b);
                assert!(layer.biases.iter().copied().eq(biases));
                let multipliers = (0..shape.multipliers.into()).map(|m: i64| m * 40);
                assert!(layer.multipliers.iter().copied().eq(multipliers));
            }
        }
    }
}

#[test]
fn a_number_of_64_bits_is_read_to_its_last_bit_and_no_further() {
    let oracle = Oracle::read(&recipe(&[(3, 8)]).blob()).unwrap();
    let provenance = OracleProvenance { seed: u64::MAX, ..OracleProvenance::default() }.write();
    // No other number of as many bits is read from the fields of a blob.
    let blob = Oracle { provenance, ..oracle }.write_version_2();
    let seed = |blob: &[u8]| {
        let blob = Aligned::new(blob);
        Model::parse_any(&blob).map(|model| model.header().origin().unwrap().unwrap().seed)
    };
    assert_eq!(seed(&blob), Ok(u64::MAX));
    let number = [&[0xFF; 9][..], &[1]].concat();
    let last = blob.windows(10).position(|bytes| bytes == number).unwrap() + 9;
    for byte in 2..=0xFF {
        let mut beyond = blob.clone();
        beyond[last] = byte;
        seal(&mut beyond);
        assert_eq!(seed(&beyond), Err(ModelError::Number), "{byte:#04x}");
    }
    // The same number, as if it had another group.
    let mut longer = blob;
    longer.splice(last..=last, [0x81, 0]);
    seal(&mut longer);
    assert_eq!(seed(&longer), Err(ModelError::Number));
}
