// Drawings that people are asked for, to train on: four IDX files and their labels in a ZIP.

// All labels so far, in order; those that are still to be drawn, the next one last; and the drawings.
let known = [];
let wanted = [];
let kept = [];
let side = 0;
let saved = true;
const drawn = (label) => kept.filter((drawing) => drawing.label === label);

at('ask').onsubmit = (event) => {
  event.preventDefault();
  // Those of the model, unless others are given.
  const given = at('labels').value.split(',').map((label) => plain(label.trim()).slice(0, 32)).filter(Boolean);
  const asked = given.length > 0 ? [...new Set(given)] : shown.classes;
  known = [...new Set([...known, ...asked])];
  const turns = Array.from({ length: at('each').valueAsNumber }, () => asked).flat().reverse();
  const order = turns.map((label) => ({ label, key: at('even').checked ? 0 : Math.random() }));
  wanted = order.sort((one, other) => one.key - other.key).map(({ label }) => label);
  at('asked').hidden = false;
  at('glass').scrollIntoView();
  next();
};

function next() {
  at('clear').click();
  tell('');
  const left = wanted.length;
  say(left > 0 ? `Draw ${wanted[left - 1]} (${kept.length + 1} of ${kept.length + left})` : 'All are drawn: save them', 'wanted');
  at('counts').textContent = known.map((label) => `${label}: ${drawn(label).length}`).join(', ');
  at('keep').disabled = left === 0;
  at('discard').disabled = kept.length === 0;
}

// The image that the network has got of what is drawn.
function centred() {
  const { device } = shown;
  device.step(performance.now());
  const width = device.input() & 0xffff;
  return { width, pixels: new Uint8Array(device.memory.buffer, device.image(), width * width).slice() };
}

function centre() {
  if (at('asked').hidden || !shown.runs) return;
  const { width, pixels } = centred();
  const image = new ImageData(width, width);
  new Uint32Array(image.data.buffer).set(Array.from(pixels, (pixel) => 0xff000000 | (pixel * 0x010101)));
  at('centred').width = at('centred').height = width;
  at('centred').getContext('2d').putImageData(image, 0, 0);
}

at('keep').onclick = () => {
  const { width, pixels } = centred();
  if (!pixels.some(Boolean)) return tell('Nothing is drawn.');
  if (kept.length > 0 && width !== side) return tell(`This model takes ${width}×${width} pixels, the drawings have ${side}×${side}.`);
  side = width;
  kept.push({ label: wanted.pop(), pixels });
  saved = false;
  next();
};
at('again').onclick = next;
at('discard').onclick = () => {
  wanted.push(kept.pop().label);
  next();
};
at('save').onclick = () => {
  const labels = known.filter((label) => drawn(label).length > 1);
  if (labels.length < 2) return tell('Draw two labels, each of them twice, at the least.');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(archive(labels));
  link.download = 'drawings.zip';
  link.click();
  saved = true;
  tell(kept.some(({ label }) => !labels.includes(label)) ? 'Labels with a single drawing are left out.' : '');
};
addEventListener('beforeunload', (event) => {
  if (!saved) event.preventDefault();
});

// Every fifth drawing of a label is to test on, and the last of fewer than five.
function archive(labels) {
  const drawings = labels.flatMap((label, number) => drawn(label).map(({ pixels }, place, { length }) => (
    { number, pixels, tests: place % 5 === 4 || (length < 5 && place === length - 1) }
  )));
  const text = new TextEncoder();
  const files = [['labels.txt', text.encode(`${labels.join('\n')}\n`)]];
  for (const part of ['train', 't10k']) {
    const chosen = drawings.filter(({ tests }) => tests === (part === 't10k'));
    files.push([`${part}-images-idx3-ubyte`, written([chosen.length, side, side], chosen.flatMap(({ pixels }) => [...pixels]))]);
    files.push([`${part}-labels-idx1-ubyte`, written([chosen.length], chosen.map(({ number }) => number))]);
  }
  return zip(files.map(([name, content]) => [text.encode(name), content]));
}

// Of 2 and of 4 bytes, the lowest first; what is above a byte is dropped where they become bytes.
const shorts = (...numbers) => numbers.flatMap((number) => [number, number >> 8]);
const longs = (...numbers) => numbers.flatMap((number) => [number, number >> 8, number >> 16, number >> 24]);
const written = (sizes, values) => [0, 0, 8, sizes.length, ...longs(...sizes.reverse()).reverse(), ...values];
const CRCS = Array.from({ length: 256 }, (_, crc) => {
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

// As APPNOTE.TXT of PKWARE says in 4.3, without compression and times.
function zip(files) {
  const parts = [];
  const directory = [];
  let place = 0;
  for (const [name, content] of files) {
    const data = Uint8Array.from(content);
    const crc = ~data.reduce((crc, byte) => CRCS[(crc ^ byte) & 0xff] ^ (crc >>> 8), -1);
    const about = [...shorts(20, 0, 0, 0, 0x21), ...longs(crc, data.length, data.length), ...shorts(name.length, 0)];
    parts.push(Uint8Array.from([...longs(0x04034b50), ...about, ...name]), data);
    directory.push(...longs(0x02014b50), ...shorts(20), ...about, ...shorts(0, 0, 0), ...longs(0, place), ...name);
    place += 30 + name.length + data.length;
  }
  const end = [...longs(0x06054b50), ...shorts(0, 0, files.length, files.length), ...longs(directory.length, place), ...shorts(0)];
  return new Blob([...parts, Uint8Array.from([...directory, ...end])], { type: 'application/zip' });
}
