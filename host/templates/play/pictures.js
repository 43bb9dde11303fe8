// Pictures: the digits on them, found by the code of `inkbit predict`, and what the model that is shown reads.

// A browser reduces a picture whose longer side has more pixels.
const LONGER = 4096;
const IMAGE = 28;
const PIXELS = 64e6;
// A model that takes pictures as they are, and no digits.
const WHOLE = 65535;
// The finder that has found the digits on the picture that was opened last, and how many.
let finder = null;
let found = 0;
// Their images as the model that is shown takes them, and what asks a device for each.
let digits = [];
const pictureNote = make('p');
pictureNote.setAttribute('role', 'status');
const digitRow = make('div');
digitRow.className = 'row';
const pictureSection = make('section', make('h2', 'Digits on the picture'), pictureNote, digitRow);
pictureSection.hidden = true;
at('cards').parentNode.after(pictureSection);

// An image whose size is known before its pixels are unpacked: a small file may have billions of them.
async function sized(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await new Promise((done, failed) => Object.assign(image, { onload: done, onerror: failed }));
  } catch {
    throw 'is no picture that this browser reads';
  } finally {
    URL.revokeObjectURL(image.src);
  }
  const pixels = image.naturalWidth * image.naturalHeight;
  if (pixels > PIXELS) throw `is too large: ${grouped(pixels)} pixels, the limit is ${grouped(PIXELS)}`;
  return createImageBitmap(image);
}

async function takePicture(file) {
  if (shown.device.ink() === WHOLE) throw `is not laid out here: ${shown.name} takes whole pictures, give it to \`inkbit predict\``;
  if (file.size > LARGEST) throw `is too long: ${grouped(file.size)} bytes, the limit is ${grouped(LARGEST)}`;
  const image = await sized(file);
  const scale = Math.min(1, LONGER / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  const { exports } = new WebAssembly.Instance(await WebAssembly.compile(await inflated(FINDER)), {});
  const from = exports.memory.grow(Math.ceil((width * height) / PAGE)) * PAGE;
  let count = 0;
  // White ink on a transparent ground needs a dark background.
  for (const paper of ['#fff', '#000']) {
    context.fillStyle = paper;
    context.fillRect(0, 0, width, height);
    context.drawImage(image, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const grey = new Uint8Array(exports.memory.buffer, from, width * height);
    // Luminance by ITU-R BT.709.
    for (let at = 0; at < grey.length; at++) {
      grey[at] = (2126 * data[4 * at] + 7152 * data[4 * at + 1] + 722 * data[4 * at + 2]) / 10000;
    }
    count = exports.find(from, width, height);
    if (count > 0) break;
  }
  if (count === 0) throw 'shows no digits: it needs ink that is darker or lighter than what is around it';
  [finder, found] = [exports, count];
  pictureSection.hidden = false;
  tell('');
  pictureNote.textContent = `${plain(file.name)}: ${count === 1 ? 'one digit' : `${count} digits`}. Choose one to see the network read it.`;
  readDigits();
  choose(digits[0]);
}

// What the model that is shown reads in each.
function readDigits() {
  const ink = shown.device.ink();
  digits = Array.from({ length: ink === WHOLE ? 0 : found }, (_, number) => {
    const pixels = copy(finder, finder.image(number, ink), IMAGE * IMAGE);
    return { pixels, frame: copy(finder, finder.asked(), finder.ask(number)) };
  });
  digitRow.replaceChildren(...digits.map((digit, number) => {
    const logits = pageAnswer(shown, digit.frame)?.logits ?? [];
    const answer = shown.classes[logits.indexOf(Math.max(...logits))] ?? '?';
    const canvas = make('canvas');
    canvas.width = canvas.height = IMAGE;
    const image = new ImageData(IMAGE, IMAGE);
    new Uint32Array(image.data.buffer).set(Array.from(digit.pixels, (pixel) => 0xff000000 | (pixel * 0x010101)));
    canvas.getContext('2d').putImageData(image, 0, 0);
    canvas.setAttribute('aria-hidden', true);
    const button = make('button', canvas, answer);
    button.type = 'button';
    button.setAttribute('aria-label', `Digit ${number + 1} of ${digits.length}, read as ${answer}`);
    button.onclick = () => choose(digit);
    return button;
  }));
}

// All devices get the image by their line, as a board would.
function choose({ frame }) {
  at('clear').click();
  for (const { device } of devices) frame.forEach((byte) => device.take(byte));
  draw();
}

const evaluated = onShow;
onShow = () => {
  evaluated();
  readDigits();
};
pictures = takePicture;
at('how').append(' A picture that is dropped on it has its digits read.');
