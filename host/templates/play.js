// The page of `inkbit play`: one instance of the device for each model.

const COLUMNS = 320;
const ROWS = 240;
const PAGE = 65536;
// Pages of flash at the least, so that a file that was cut off ends in what is not written.
const FLASH = 16;
// No model is as long.
const LONGEST = 4 << 20;
const text = new TextDecoder();
const at = (id) => document.getElementById(id);
const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
// Foreign text: no control characters, and none that turn the direction of what is beside them.
const plain = (words) => words.replace(/\p{C}/gu, '\ufffd');
const module = new WebAssembly.Module(bytes(MODULE));

class Device {
  constructor(file, blob, nanoseconds) {
    const { exports } = new WebAssembly.Instance(module, {});
    this.device = exports;
    this.length = blob.length;
    const room = PAGE * Math.max(FLASH, 1 + Math.ceil(blob.length / PAGE));
    const address = exports.memory.grow(room / PAGE) * PAGE;
    const flash = new Uint8Array(exports.memory.buffer, address, room);
    flash.fill(0xff);
    flash.set(blob);
    this.runs = exports.start(address, room) !== 0;
    this.name = this.runs ? this.text(0) : plain(file);
    exports.inference(nanoseconds);
    exports.step(performance.now());
  }

  text(number) {
    const { memory, text_at, text_bytes } = this.device;
    return plain(text.decode(new Uint8Array(memory.buffer, text_at(number), text_bytes(number))));
  }

  get answer() {
    const number = this.device.answer();
    return number < 0 ? '?' : this.text(number + 1);
  }

  get glass() {
    return new Uint8Array(this.device.memory.buffer, this.device.glass(), COLUMNS * ROWS);
  }
}

const devices = [];
let shown = null;
// Strokes of the canvas, as places of the display.
let strokes = [];

// A screen reader says what changes, and only that.
function say(words, id = 'said') {
  if (at(id).textContent !== words) at(id).textContent = words;
}

const tell = (words) => say(plain(words), 'message');

function replay(device) {
  const now = performance.now();
  device.device.clear(now);
  for (const stroke of strokes) {
    for (const [x, y] of stroke) device.device.touch(x, y, now);
    device.device.lift(now);
  }
}

function add(file, blob, nanoseconds = 0) {
  if (blob.length > LONGEST) return tell(`${file} is too long for a model: ${blob.length} bytes`);
  const device = new Device(file, blob, nanoseconds);
  // What it cannot run stays a message, and the page as it was.
  if (!device.runs && devices.length > 0) {
    return tell(`${file} is not a model that this device can run`);
  }
  tell('');
  devices.push(device);
  const card = document.createElement('button');
  card.type = 'button';
  card.className = 'card';
  card.append(...['small', 'b', 'small', 'small'].map((name) => document.createElement(name)));
  card.children[0].textContent = device.name;
  card.children[3].textContent = `${device.length.toLocaleString('en')} bytes`;
  card.onclick = () => show(device);
  device.card = card;
  at('cards').append(card);
  replay(device);
  show(device);
}

function show(device) {
  shown = device;
  draw();
}

const picture = new ImageData(COLUMNS, ROWS);
let waits = false;

function draw() {
  if (waits) return;
  waits = true;
  requestAnimationFrame(() => {
    waits = false;
    paint();
  });
}

function paint() {
  const now = performance.now();
  for (const device of devices) {
    device.device.step(now);
    const [, answer, confidence] = device.card.children;
    answer.textContent = device.answer;
    confidence.textContent = `${(device.device.confidence() / 10).toFixed(1)} %`;
    device.card.setAttribute('aria-pressed', device === shown);
  }
  const colours = new Uint32Array(picture.data.buffer);
  shown.glass.forEach((grey, pixel) => {
    colours[pixel] = 0xff000000 | (grey * 17 * 0x010101);
  });
  at('glass').getContext('2d').putImageData(picture, 0, 0);
  const { answer, name } = shown;
  if (answer !== '?') say(`${name} reads ${answer}`);
  else say(strokes.length > 0 ? `${name} is not sure` : '');
}

// What is drawn in the square while the device is there to draw is a stroke. Its own buttons act, and
// each of them wipes the canvas.
const draws = ([x]) => shown.device.mode() === 0 && x < 231;

function place(event) {
  const { left, top, width, height } = at('glass').getBoundingClientRect();
  const within = (at, end) => Math.min(Math.max(Math.floor(at * end), 0), end - 1);
  return [within((event.clientX - left) / width, COLUMNS), within((event.clientY - top) / height, ROWS)];
}

let pointer = null;

function touch(place) {
  const now = performance.now();
  if (pointer.stroke !== null) pointer.stroke.push(place);
  for (const device of devices) device.device.touch(...place, now);
  draw();
}

at('glass').addEventListener('pointerdown', (event) => {
  if (event.button !== 0 || pointer !== null) return;
  try {
    at('glass').setPointerCapture(event.pointerId);
  } catch {
    // It has gone already.
  }
  const start = place(event);
  pointer = { id: event.pointerId, stroke: draws(start) ? [] : null };
  if (pointer.stroke !== null) strokes.push(pointer.stroke);
  else if (start[0] >= 231 && start[1] >= 166) strokes = [];
  touch(start);
});

at('glass').addEventListener('pointermove', (event) => {
  if (pointer?.id !== event.pointerId) return;
  const parts = event.getCoalescedEvents?.() ?? [];
  for (const part of parts.length > 0 ? parts : [event]) touch(place(part));
});

function lift(event) {
  if (pointer?.id !== event.pointerId) return;
  for (const device of devices) device.device.lift(performance.now());
  pointer = null;
  draw();
}
at('glass').addEventListener('pointerup', lift);
at('glass').addEventListener('pointercancel', lift);

function redraw() {
  devices.forEach(replay);
  draw();
}

at('clear').onclick = () => {
  strokes = [];
  redraw();
};
at('undo').onclick = () => {
  strokes.pop();
  redraw();
};
addEventListener('keydown', (event) => {
  if (event.key === 'Delete' || event.key === 'Escape') at('clear').click();
  if (event.key === 'z' && (event.ctrlKey || event.metaKey)) at('undo').click();
});

// A stroke in a link: its places, two bytes a number, and an end that no place has.
const END = 0xffff;
// Nobody draws as much.
const LONGEST_LINK = 64 << 10;

at('link').onclick = async () => {
  const numbers = strokes.flatMap((stroke) => [...stroke.flat(), END]);
  const packed = String.fromCharCode(...numbers.flatMap((number) => [(number >> 8) & 0xff, number & 0xff]));
  location.hash = `d=${btoa(packed).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
  try {
    await navigator.clipboard.writeText(location.href);
    tell('The link is copied.');
  } catch {
    tell('The link is in the address bar.');
  }
};

function drawing(hash) {
  if (hash.length > LONGEST_LINK) throw new RangeError('too long');
  const packed = bytes(hash.slice(3).replaceAll('-', '+').replaceAll('_', '/'));
  const found = [];
  let stroke = [];
  for (let place = 0; place + 1 < packed.length; place += 2) {
    const number = (packed[place] << 8) | packed[place + 1];
    const end = stroke.length % 2 === 0 ? COLUMNS : ROWS;
    if (number < end) stroke.push(number);
    else if (number !== END || stroke.length % 2 !== 0) throw new RangeError('no place of the display');
    else {
      found.push(Array.from({ length: stroke.length >> 1 }, (_, point) => [stroke[2 * point], stroke[2 * point + 1]]));
      stroke = [];
    }
  }
  return found;
}

async function open(files) {
  for (const file of files) {
    if (file.size > LONGEST) tell(`${file.name} is too long for a model: ${file.size} bytes`);
    else add(file.name, new Uint8Array(await file.arrayBuffer()));
  }
}

at('file').onchange = (event) => open(event.target.files);
addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('over');
});
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('over');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('over');
  open(event.dataTransfer.files);
});

if (location.hash.startsWith('#d=')) {
  try {
    strokes = drawing(location.hash);
  } catch {
    tell('The link has no drawing in it.');
  }
}
for (const { name, blob, nanoseconds } of MODELS) add(name, bytes(blob), nanoseconds);
// Samples that the device shows go on by themselves.
setInterval(draw, 100);
