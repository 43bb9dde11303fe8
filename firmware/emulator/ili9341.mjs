// A display of 320 × 240 pixels on SPI, as far as its controller's memory and mapping go. The usual
// module lies on its side, with the pins at the left.

export const LIGHT = [255, 255, 255];

/** The panel upright, as memory is. */
const COLUMNS = 240;
const ROWS = 320;

const SOFT_RESET = 0x01;
const SLEEP = 0x10;
const WAKE = 0x11;
const PLAIN = 0x20;
const INVERTED = 0x21;
const OFF = 0x28;
const ON = 0x29;
const WINDOW_COLUMNS = 0x2a;
const WINDOW_ROWS = 0x2b;
const PICTURE = 0x2c;
const MAPPING = 0x36;
const FORMAT = 0x3a;

/** Bits of the mapping. */
const REVERSE_ROWS = 0x80;
const REVERSE_COLUMNS = 0x40;
const SWAP = 0x20;
const BGR = 0x08;

/** Pixels of 16 bits. */
const RGB565 = 0x55;

export class Ili9341 {
  constructor() {
    this.width = ROWS;
    this.height = COLUMNS;
    this.light = LIGHT;
    // What memory holds when power comes is anything; a driver that does not clear it is seen.
    this.memory = new Uint16Array(COLUMNS * ROWS).fill(0xa514);
    /** All bytes on the bus. */
    this.bytes = 0;
    this.reset();
  }

  /** Memory keeps its contents. */
  reset() {
    this.asleep = true;
    this.on = this.inverted = false;
    this.mapping = 0;
    this.format = 0x66;
    this.columns = [0, COLUMNS - 1];
    this.rows = [0, ROWS - 1];
    this.command = 0;
    this.given = [];
  }

  /** A byte has come: of a command, or of what belongs to one. */
  write(byte, isData) {
    this.bytes += 1;
    if (isData) this.take(byte);
    else this.instruct(byte);
  }

  instruct(byte) {
    this.command = byte;
    this.given = [];
    if (byte === SOFT_RESET) this.reset();
    else if (byte === SLEEP || byte === WAKE) this.asleep = byte === SLEEP;
    else if (byte === PLAIN || byte === INVERTED) this.inverted = byte === INVERTED;
    else if (byte === OFF || byte === ON) this.on = byte === ON;
    else if (byte === PICTURE) this.at = [this.columns[0], this.rows[0]];
  }

  take(byte) {
    this.given.push(byte);
    const [a, b, c, d] = this.given;
    if (this.command === MAPPING) this.mapping = byte;
    else if (this.command === FORMAT) this.format = byte;
    else if (this.command === PICTURE && b !== undefined) {
      this.given = [];
      this.draw((a << 8) | b);
    } else if (d !== undefined) {
      if (this.command === WINDOW_COLUMNS) this.columns = [(a << 8) | b, (c << 8) | d];
      else if (this.command === WINDOW_ROWS) this.rows = [(a << 8) | b, (c << 8) | d];
    }
  }

  /** A pixel of a picture goes to the next place of the window; what is off the memory is lost. */
  draw(colour) {
    if (this.format !== RGB565) throw new Error('this display is emulated with 16 bits a pixel only');
    const [x, y] = this.at;
    let [column, row] = this.mapping & SWAP ? [y, x] : [x, y];
    if (this.mapping & REVERSE_COLUMNS) column = COLUMNS - 1 - column;
    if (this.mapping & REVERSE_ROWS) row = ROWS - 1 - row;
    if (column >= 0 && column < COLUMNS && row >= 0 && row < ROWS) {
      this.memory[row * COLUMNS + column] = colour;
    }
    if (x < this.columns[1]) this.at = [x + 1, y];
    else this.at = [this.columns[0], y < this.rows[1] ? y + 1 : this.rows[0]];
  }

  /** The colour that a person sees there, of 5, 6 and 5 bits. */
  colour(x, y) {
    if (!this.on || this.asleep) return 0;
    const colour = this.memory[x * COLUMNS + y] ^ (this.inverted ? 0xffff : 0);
    // Of the usual panel red and blue are swapped.
    return this.mapping & BGR ? colour : (colour << 11) | (colour & 0x7e0) | (colour >> 11);
  }
}
