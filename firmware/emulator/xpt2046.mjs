// The controller of a resistive touch panel on SPI, as far as one conversion a request goes.

/** What is measured at the edges of a display of 320 × 240 pixels, on its side. */
const FIRST = 300;
const LAST = 3800;
const WIDTH = 320;
const HEIGHT = 240;

/** Bits of a request: that it is one, and what a driver of this project does not ask for. */
const START = 0x80;
const UNUSUAL = 0x0f;

/** What is measured, by a request's bits 4 to 6. */
const COLUMN = 1;
const PRESSURE = 3;
const PRESSURE_TOO = 4;
const ROW = 5;

/** The two parts of the pressure of a finger, and without one. */
const PRESSED = [900, 1900];
const FREE = [0, 4095];

export class Xpt2046 {
  constructor() {
    /** Where the finger is, in pixels, if there is one. */
    this.finger = null;
    this.deselect();
  }

  deselect() {
    /** Bytes that answer the last request. */
    this.answer = [];
  }

  /** A byte goes in, and one comes out. */
  transfer(byte) {
    const out = this.answer.shift() ?? 0;
    if (byte & START) {
      if (byte & UNUSUAL) throw new Error('this touch panel is emulated with 12 bits, and asleep between');
      // A clock without a bit, and 12 bits.
      const value = this.measure((byte >> 4) & 7) << 3;
      this.answer = [value >> 8, value & 0xff];
    }
    return out;
  }

  measure(what) {
    const { finger } = this;
    const [first, second] = finger === null ? FREE : PRESSED;
    if (what === PRESSURE) return first;
    if (what === PRESSURE_TOO) return second;
    // Without a finger the wires are anywhere.
    if (finger === null) return what === ROW ? 0 : 4095;
    const place = (at, pixels) => Math.round(FIRST + ((at + 0.5) * (LAST - FIRST)) / pixels);
    if (what === COLUMN) return place(finger[0], WIDTH);
    if (what === ROW) return place(finger[1], HEIGHT);
    return 0;
  }
}
