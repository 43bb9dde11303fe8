// What is on the page: the devices, their cards, and the display of the one that is shown.

const devices = [];
let shown = null;
// What a test of models does then.
let onShow = () => 0;
// Strokes of the canvas, as places of the display.
let strokes = [];

// A screen reader says what changes, and only that.
function say(words, id = 'said') {
  if (at(id).textContent !== words) at(id).textContent = words;
}

function make(name, ...children) {
  const element = document.createElement(name);
  element.append(...children);
  return element;
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
  const device = new Device(file, blob, nanoseconds);
  // What it cannot run stays a message, and the page as it was.
  if (!device.runs && devices.length > 0) {
    return tell(`${file}: ${device.text(0)}`);
  }
  tell('');
  devices.push(device);
  const size = make('small', `${grouped(blob.length)} bytes`);
  const card = make('button', make('small', device.name), make('b'), make('small'), size);
  card.type = 'button';
  card.className = 'card';
  card.onclick = () => show(device);
  device.card = card;
  at('cards').append(card);
  replay(device);
  show(device);
}

function show(device) {
  shown = device;
  draw();
  onShow();
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
  if (shown === null) return;
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
  const context = at('glass').getContext('2d');
  context.putImageData(picture, 0, 0);
  mark(context);
  look();
  centre();
  const { answer, name } = shown;
  if (answer !== '?') say(`${name} reads ${answer}`);
  else say(strokes.length > 0 ? `${name} is not sure` : '');
}
