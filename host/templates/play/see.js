// What the network sees of a drawing, as the module computes it.

// Of the device that is shown: the model's sizes, the image, the values that each layer takes, the
// logits, and what each input brings to the greatest of them.
let network = null;

function look() {
  const { input, image, layer, logits, memory, parts, see, values } = shown.device;
  // What is drawn is one chain of layers, and networks that are asked in turn are several.
  const isShown = shown.runs && layer(0) !== 0;
  at('see').hidden = at('cost').hidden = !isShown;
  if (!isShown) return;
  const view = (place, length, Kind = Uint8Array) => new Kind(memory.buffer, place, length);
  const [side, crop, pool] = [input() & 0xffff, (input() >> 16) & 0xff, input() >> 24];
  const pixels = view(image(), side * side).slice();
  const is_known = network?.device === shown;
  if (is_known && pixels.every((pixel, place) => pixel === network.pixels[place])) return;
  const [width, best, layers] = [(side - 2 * crop) / pool, see(), []];
  let inputs = width * width;
  for (let number = 0; layer(number) !== 0; number += 1) {
    const [given, outputs, bits] = [view(values(number), inputs), layer(number) & 0xffff, layer(number) >> 16];
    layers.push({ given, active: given.filter((value) => value > 0).length, inputs, outputs, bits });
    inputs = outputs;
  }
  network = { device: shown, side, crop, pool, width, pixels, layers, best };
  network.logits = view(logits(), inputs, Int32Array);
  network.parts = view(parts(best), width * width, Float64Array);
  if (!is_known) at('figures').replaceChildren();
  fill();
  reckon();
}

const grey = (value) => 0xff000000 | (value * 0x010101);
// What is above zero is blue and what is below it red, the more of it the farther from zero.
const signed = (values) => {
  const most = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return (value) => (Math.round((255 * Math.abs(value)) / most) << 24) | (value > 0 ? 0xf06a1e : 0x2b3fe0);
};

// A cell for each value, and words below them.
function cells(id, values, colour, words) {
  if (at(id) === null) {
    const canvas = make('canvas');
    canvas.id = id;
    canvas.role = 'img';
    at('figures').append(make('figure', canvas, make('figcaption')));
  }
  const canvas = at(id);
  canvas.ariaLabel = canvas.nextSibling.textContent = words;
  canvas.width = Math.ceil(Math.sqrt(values.length));
  canvas.height = Math.ceil(values.length / canvas.width);
  const picture = new ImageData(canvas.width, canvas.height);
  new Uint32Array(picture.data.buffer).set(Array.from(values, colour));
  canvas.getContext('2d').putImageData(picture, 0, 0);
}

function fill() {
  const { best, layers, logits, parts, pixels, side, width } = network;
  const label = shown.text(best + 1);
  const number = (value) => grouped(Math.round(value));
  cells('image', pixels, grey, 'Image, centred');
  layers.forEach(({ given, active, inputs }, place) => {
    if (place > 0) cells(`layer${place}`, given, grey, `Layer ${place}: ${active} of ${inputs} units active`);
    else if (width < side) cells('inputs', given, grey, `Shrunk to ${width} × ${width} inputs`);
  });
  const sum = (sign) => parts.reduce((sum, part) => sum + Math.max(0, sign * part), 0);
  const [pro, contra] = [sum(1), sum(-1)];
  cells('parts', parts, signed(parts), `For ${label}: ${number(pro)} (blue), against it: ${number(contra)} (red), biases: ${number(logits[best] - pro + contra)}`);
  at('unit').max = layers[0].outputs;
  at('unit').parentNode.hidden = layers.length === 1;
  weights();
  at('logits').replaceChildren(
    ...Array.from(logits, (logit, place) => {
      const item = make('li', shown.text(place + 1), make('span', number(logit)));
      item.ariaCurrent = place === best;
      return item;
    }),
  );
  const lit = layers.map(({ active, inputs }) => `${active} of ${inputs}`);
  say(`Not zero: ${lit.shift()} inputs${lit.map((units) => `, ${units} units`).join('')}. The greatest logit is that of ${label}.`, 'seen');
}

// Those of the unit that is chosen, or of the greatest logit where no other units are.
function weights() {
  const { best, layers, width } = network;
  let [unit, words] = [best, shown.text(best + 1)];
  if (layers.length > 1) {
    unit = at('unit').valueAsNumber - 1;
    const { given } = layers[1];
    words = `unit ${unit + 1}, whose activation is ${given[unit]}`;
    cells('layer1', given, (value, cell) => (cell === unit ? 0xfff06a1e : grey(value)), at('layer1').ariaLabel);
  }
  const found = Array.from({ length: width * width }, (_, input) => shown.device.weight(unit, input));
  cells('weights', found, signed(found), `Weights of ${words}`);
}

at('unit').oninput = weights;
at('figures').onpointerdown = at('figures').onpointermove = ({ target, offsetX, offsetY }) => {
  if (target.id !== 'layer1') return;
  const [column, row] = [(offsetX / target.clientWidth) * target.width, (offsetY / target.clientHeight) * target.height];
  at('unit').value = Math.floor(row) * target.width + Math.floor(column) + 1;
  weights();
};
