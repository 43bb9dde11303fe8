// The device: one instance of the module for each model.

const COLUMNS = 320;
const ROWS = 240;
const PAGE = 65536;
// Pages of flash at the least, so that a file that was cut off ends in what is not written.
const FLASH = 16;
// No model is as long.
const LONGEST = 4 << 20;
// A mark of the order of bytes is no part of a name: it is kept, to be shown.
const text = new TextDecoder('utf-8', { ignoreBOM: true });
const at = (id) => document.getElementById(id);
const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
// Foreign text: no control characters, and none that turn the direction of what is beside them.
// The fillers, the blank of Braille and the selectors of variants are in no class of hidden ones.
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu;
const plain = (words) => words.replace(HIDDEN, '\ufffd');
const grouped = (count) => count.toLocaleString('en');
let module = null;

// What `host/src/play` has compressed.
async function inflated(base64) {
  const stream = new Blob([bytes(base64)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Device {
  constructor(file, blob, nanoseconds) {
    const { exports } = new WebAssembly.Instance(module, {});
    this.device = exports;
    this.blob = blob;
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

  get classes() {
    const labels = [];
    for (let label = this.text(1); label !== ''; label = this.text(labels.length + 1)) labels.push(label);
    return labels;
  }

  get answer() {
    const number = this.device.answer();
    return number < 0 ? '?' : this.text(number + 1);
  }

  get glass() {
    return new Uint8Array(this.device.memory.buffer, this.device.glass(), COLUMNS * ROWS);
  }
}
