// Images and labels in IDX, the format of MNIST: how many of them the model that is shown gets right.

const IMAGES = 0x803;
const LABELS = 0x801;
// No file has more bytes, and none unpacks to more.
const LARGEST = 64 << 20;
// Images that are classified at once, and for how many milliseconds before the page does something else.
const TOGETHER = 256;
const SLICE = 12;
let testImages = null;
let testLabels = null;
// The module for many images, once it is compiled.
let batch = null;

// Reads a file. What it throws is what is wrong with it.
async function idx(file, head) {
  if (file.size > LARGEST) throw `is too long: ${grouped(file.size)} bytes, the limit is ${grouped(LARGEST)}`;
  const unpack = isGzip(head);
  const reader = (unpack ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file.stream()).getReader();
  let chunk = new Uint8Array();
  const fill = async (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      if (chunk.length === 0) {
        const read = await reader.read().catch(() => { throw 'is damaged'; });
        if (read.done) break;
        chunk = read.value;
      }
      const part = chunk.subarray(0, bytes.length - at);
      bytes.set(part, at);
      at += part.length;
      chunk = chunk.subarray(part.length);
    }
    return at === bytes.length;
  };
  const numbers = async (count) => {
    const view = new DataView(new ArrayBuffer(4 * count));
    if (!(await fill(new Uint8Array(view.buffer)))) throw 'is cut off';
    return Array.from({ length: count }, (_, at) => view.getUint32(4 * at));
  };
  try {
    const [kind] = await numbers(1);
    if (kind !== IMAGES && kind !== LABELS) throw 'has neither images nor labels in IDX';
    const sizes = await numbers(kind & 3);
    const [count, rows, columns] = sizes;
    const length = sizes.reduce((all, size) => all * size);
    if (length === 0) throw 'is empty';
    if (length > LARGEST) throw `promises ${grouped(length)} bytes, the limit is ${grouped(LARGEST)}`;
    if (rows !== columns) throw `has images of ${rows}×${columns} pixels, no squares`;
    // Before memory is taken for what a header promises.
    if (!unpack && file.size < length) throw 'is cut off';
    const values = new Uint8Array(length);
    if (!(await fill(values))) throw 'is cut off';
    if (await fill(new Uint8Array(1))) throw 'goes on after what its header promises';
    return { kind, name: file.name, count, side: rows, values };
  } finally {
    reader.cancel().catch(() => 0);
  }
}

const counted = (count, name) => `${grouped(count)} ${name}${count === 1 ? '' : 's'}`;

// Takes what was opened together: images with their labels, or labels for the images that are there.
async function takeIdx(files) {
  const find = (kind) => files.findLast((file) => file.kind === kind) ?? null;
  const given = find(IMAGES);
  const own = find(LABELS) ?? (given === null || testImages === null ? testLabels : null);
  const all = given ?? testImages;
  const greatest = own === null ? 0 : own.values.reduce((most, label) => Math.max(most, label));
  if (all === null) tell(`Open the images that belong to ${own.name}, too.`);
  else if (own !== null && own.count !== all.count) {
    return tell(`${own.name} has ${counted(own.count, 'label')}, ${all.name} ${counted(all.count, 'image')}`);
  } else if (greatest >= shown.classes.length) {
    return tell(`${own.name} has a label ${greatest}, the model ${shown.classes.length} classes, counted from 0`);
  } else tell('');
  [testImages, testLabels] = [all, own];
  await evaluate();
}

// A model in the module for many images. What `classify` gives is null if it takes other images.
class Batch {
  constructor({ blob }) {
    const { memory, start, classify } = new WebAssembly.Instance(batch, {}).exports;
    const room = (length) => memory.grow(Math.ceil(length / PAGE)) * PAGE;
    const model = room(blob.length);
    new Uint8Array(memory.buffer).set(blob, model);
    const length = start(model, blob.length);
    const from = room(TOGETHER * length);
    const to = room(2 * TOGETHER);
    this.classify = (pixels, count) => {
      if (pixels.length !== count * length) return null;
      new Uint8Array(memory.buffer).set(pixels, from);
      classify(from, count, to, 0);
      return new Uint16Array(memory.buffer, to, count);
    };
  }
}

// The same, as slowly as the device is: for processors without vectors. It writes each image where the
// finder has that of a digit, of which it then makes what asks a device.
class OneByOne {
  constructor(model) {
    const exports = OneByOne.exports;
    const classes = new Uint16Array(TOGETHER);
    this.classify = (pixels, count) => {
      const length = pixels.length / count;
      for (let image = 0; image < count; image++) {
        const at = exports.image(0, 0);
        new Uint8Array(exports.memory.buffer).set(pixels.subarray(image * length, (image + 1) * length), at);
        const { logits } = pageAnswer(model, copy(exports, exports.asked(), exports.ask(image)));
        classes[image] = logits.indexOf(Math.max(...logits));
      }
      return classes;
    };
  }
}

// The count of each class that was found for each label; of all in one row, if there are no labels.
let evaluation = 0;
async function evaluate() {
  if (testImages === null) return;
  const device = shown;
  const own = ++evaluation;
  at('test').hidden = false;
  at('confusion').replaceChildren();
  say('', 'score');
  if (batch === null) {
    const code = await inflated(BATCH);
    // No browser that unpacks it so is without vectors; a processor may be.
    if (WebAssembly.validate(code)) batch = await WebAssembly.compile(code);
    else if (testImages.side !== 28) {
      return say('Images of other sizes than 28×28 need vectors, which are missing here.', 'score');
    } else {
      OneByOne.exports ??= new WebAssembly.Instance(await WebAssembly.compile(await inflated(FINDER)), {}).exports;
    }
  }
  const model = batch === null ? new OneByOne(device) : new Batch(device);
  const { classes } = device;
  const { count, side, values } = testImages;
  const truth = testLabels?.values;
  const pixels = side * side;
  if (truth?.some((label) => label >= classes.length)) {
    return say(`${device.name} has ${classes.length} classes; the labels have more.`, 'score');
  }
  const rows = Array.from({ length: truth ? classes.length : 1 }, () => classes.map(() => 0));
  const progress = at('progress');
  progress.max = count;
  progress.value = 0;
  progress.hidden = false;
  for (let done = 0, pause = 0; done < count; done += TOGETHER) {
    if (performance.now() > pause) {
      progress.value = done;
      // What else there is to do. A timer would wait for milliseconds.
      await new Promise((go) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = go;
        port2.postMessage(0);
      });
      // Another model is shown, or there are other images.
      if (own !== evaluation) return;
      pause = performance.now() + SLICE;
    }
    const some = Math.min(TOGETHER, count - done);
    const found = model.classify(values.subarray(done * pixels, (done + some) * pixels), some);
    if (found === null) {
      progress.hidden = true;
      return say(`${device.name} takes other images than those of ${side}×${side} pixels.`, 'score');
    }
    for (let image = 0; image < some; image++) rows[truth ? truth[done + image] : 0][found[image]]++;
  }
  progress.hidden = true;
  showScore(device.name, classes, rows, truth !== undefined);
}

function showScore(name, classes, rows, labelled) {
  const { count } = testImages;
  const right = rows.reduce((sum, row, label) => sum + row[label], 0);
  const score = `${((100 * right) / count).toFixed(2)} % right: ${grouped(right)} of ${grouped(count)} images.`;
  say(labelled ? `${name} gets ${score}` : `${name} has read ${grouped(count)} images.`, 'score');
  const cell = (kind, words, rest) => Object.assign(make(kind, words), rest);
  const row = (head, cells) => make('tr', cell('th', head, { scope: 'row' }), ...cells);
  const head = row(labelled ? 'is \\ read as' : 'read as', classes.map((label) => cell('th', label, { scope: 'col' })));
  at('confusion').replaceChildren(head, ...rows.map((counts, label) => row(
    labelled ? classes[label] : 'images',
    counts.map((count, found) => cell('td', grouped(count), { className: labelled && found !== label && count > 0 ? 'wrong' : '' })),
  )));
}

at('how').append(' Drop images and their labels in IDX, MNIST\'s format, to test it.');
[onShow, tests] = [evaluate, { idx, takeIdx }];
