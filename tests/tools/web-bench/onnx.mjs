// A model with 8-bit weights as a net for ONNX Runtime: fused int8 layers (QGemm) of the model's own weights,
// biases and multipliers, as host/benches/baselines/infer.py makes it. Its rounding is not inkbit's, so a
// few activations differ by one.

/** Reads what core/FORMAT.md defines, as far as it is needed here. */
function layers(blob) {
  let at = 12;
  const take = (length) => blob.subarray(at, (at += length));
  const number = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const [byte] = take(1);
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const text = () => take(number());
  text(); // name
  text(); // labels
  if (take(1)[0] !== 0) throw new Error('a model of images is expected');
  const pixels = number() * number();
  if (take(1)[0] === 2) number(); // the ink of a layout
  if (number() !== 1) throw new Error('a model of one stage is expected');
  if (`${take(4)}` !== '0,0,1,1') throw new Error('a model of whole images is expected');
  take(4); // logit_scale
  number(); // margin
  number(); // prominence
  take(1); // layers of the stage
  const shapes = Array.from({ length: number() }, () => {
    const shape = [number(), number(), take(1)[0], number()];
    return [...shape, take(1)[0] === 0 ? null : [...take(2)]];
  });
  text(); // provenance
  text(); // pad
  const length = number();
  const data = take(length).slice();
  at = 0;
  // Numbers of 32 bits, or of 16 with a shift; then zeros up to a multiple of 4.
  const words = (count, shift, Wide, Narrow) => {
    const bytes = (shift === null ? 4 : 2) * count;
    const found = data.slice(at, at + bytes);
    at += bytes + (-bytes & 3);
    return shift === null ? [...new Wide(found.buffer)] : [...new Narrow(found.buffer)].map((n) => n * 2 ** shift);
  };
  return { inputs: pixels, layers: shapes.map(([inputs, outputs, bits, multipliers, narrow]) => {
    if (bits !== 8) throw new Error(`${bits}-bit weights: ONNX Runtime is given 8-bit ones only`);
    const scales = words(multipliers, narrow && narrow[0], Uint32Array, Uint16Array);
    const biases = Int32Array.from(words(outputs, narrow && narrow[1], Int32Array, Int16Array));
    const codes = data.subarray(at, (at += Math.ceil(outputs / 8) * inputs * 8));
    const weights = new Int8Array(inputs * outputs);
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        weights[input * outputs + output] = codes[((output >> 3) * inputs + input) * 8 + (output & 7)] - 128;
      }
    }
    return { inputs, outputs, weights, biases, scales };
  }) };
}

// ONNX's file is a protocol buffer: fields with a number, of varints (0) or bytes (2).
const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
const whole = (field, value) => Buffer.from([...varint(field << 3), ...varint(value)]);
const part = (field, ...parts) => {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(content.length)]), content]);
};
const [FLOAT, UINT8, INT8, INT32] = [1, 2, 3, 6];

export function onnx(blob) {
  const net = layers(new Uint8Array(blob));
  const [nodes, constants] = [[], []];
  const constant = (name, kind, array, ...sizes) => {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    constants.push(part(5, ...sizes.map((size) => whole(1, size)), whole(2, kind), part(8, name), part(9, bytes)));
    return name;
  };
  const one = constant('one', FLOAT, Float32Array.of(1));
  const zero = constant('zero', UINT8, Uint8Array.of(0));
  let given = 'pixels';
  net.layers.forEach(({ inputs, outputs, weights, biases, scales }, number) => {
    const last = number + 1 === net.layers.length;
    const scale = (output) => (last ? 1 : scales[scales.length === 1 ? 0 : output] / 2 ** 32);
    // The half step that inkbit rounds by is in its biases; QGemm rounds by itself.
    const rounded = last ? biases : biases.map((bias, output) => Math.round(bias - 0.5 / scale(output)));
    const gives = last ? 'logits' : `activations${number}`;
    const names = [
      given, one, zero,
      constant(`w${number}`, INT8, weights, inputs, outputs),
      constant(`s${number}`, FLOAT, Float32Array.from({ length: outputs }, (_, output) => scale(output)), outputs),
      constant(`z${number}`, INT8, new Int8Array(outputs), outputs),
      constant(`b${number}`, INT32, rounded, outputs),
      ...(last ? [] : [one, zero]),
    ];
    nodes.push(part(1, ...names.map((name) => part(1, name)), part(2, gives), part(4, 'QGemm'), part(7, 'com.microsoft')));
    given = gives;
  });
  const value = (field, name, kind, width) => part(field, part(1, name),
    part(2, part(1, whole(1, kind), part(2, part(1, part(2, 'n')), part(1, whole(1, width))))));
  const graph = part(7, ...nodes, part(2, 'classic'), ...constants,
    value(11, 'pixels', UINT8, net.inputs), value(12, 'logits', FLOAT, net.layers.at(-1).outputs));
  return Buffer.concat([whole(1, 10), graph, part(8, whole(2, 21)), part(8, part(1, 'com.microsoft'), whole(2, 1))]);
}
