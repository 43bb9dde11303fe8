// An OLED of 128 × 64 pixels on I²C, as far as its controller's memory and mapping go.

const WIDTH = 128;
const HEIGHT = 64;

/** Columns of memory, the first one on the glass, the lower half of the status. */
const CONTROLLERS = {
  ssd1306: { columns: 128, left: 0, status: 0x03 },
  sh1106: { columns: 132, left: 2, status: 0x08 },
};

/** Bytes that follow a command; all others stand alone. */
const ARGUMENTS = {
  0x20: 1, 0x21: 2, 0x22: 2, 0x26: 6, 0x27: 6, 0x29: 5, 0x2a: 5, 0x81: 1, 0x8d: 1, 0xa3: 2,
  0xa8: 1, 0xad: 1, 0xd3: 1, 0xd5: 1, 0xd8: 1, 0xd9: 1, 0xda: 1, 0xdb: 1,
};

export class Oled {
  constructor(controller) {
    Object.assign(this, CONTROLLERS[controller]);
    this.width = WIDTH;
    this.height = HEIGHT;
    this.light = [150, 220, 255];
    this.pages = Array.from({ length: HEIGHT / 8 }, () => new Uint8Array(this.columns));
    // What memory holds when power comes is anything; a driver that does not clear it is seen.
    for (const page of this.pages) page.fill(0xa5);
    this.on = this.pumped = this.inverted = this.mirrored = this.flipped = false;
    this.pump = controller === 'ssd1306' ? 0x8d : 0xad;
    /** By pages, as the SH1106 always is; the SSD1306 is so once it is told. */
    this.byPages = controller === 'sh1106';
    this.column = 0;
    this.page = 0;
    this.command = [];
    /** All bytes on the bus, addresses with them. */
    this.bytes = 0;
  }

  /** A transfer begins, by the display's address. */
  start() {
    this.bytes += 1;
    this.control = null;
  }

  /** A byte has come; the first of a transfer says what the others are. */
  write(byte) {
    this.bytes += 1;
    if (this.control === null) this.control = byte;
    else if (this.control & 0x40) this.data(byte);
    else this.instruct(byte);
  }

  read() {
    this.bytes += 1;
    return this.status | (this.on ? 0 : 0x40);
  }

  instruct(byte) {
    this.command.push(byte);
    const [code, ...given] = this.command;
    if (given.length < (ARGUMENTS[code] ?? 0)) return;
    this.command = [];
    if (code <= 0x0f) this.column = (this.column & 0xf0) | code;
    else if (code <= 0x1f) this.column = (this.column & 0x0f) | ((code & 15) << 4);
    else if (code === 0x20) this.byPages = this.columns !== 128 || (given[0] & 3) === 2;
    else if (code === this.pump) this.pumped = given[0] !== 0;
    else if ((code & 0xfe) === 0xa0) this.mirrored = code === 0xa1;
    else if ((code & 0xfe) === 0xa6) this.inverted = code === 0xa7;
    else if ((code & 0xfe) === 0xae) this.on = code === 0xaf;
    else if ((code & 0xf8) === 0xb0) this.page = code & 7;
    else if ((code & 0xf0) === 0xc0) this.flipped = (code & 8) !== 0;
  }

  data(byte) {
    if (!this.byPages) throw new Error('this display is emulated by pages only');
    if (this.column < this.columns) this.pages[this.page][this.column++] = byte;
  }

  /** Whether a person sees light there, on the usual module, whose glass is mounted upside down. */
  lit(x, y) {
    const column = this.left + (this.mirrored ? x : WIDTH - 1 - x);
    const row = this.flipped ? y : HEIGHT - 1 - y;
    const bit = (this.pages[row >> 3][column] >> (row & 7)) & 1;
    return this.on && this.pumped && bit !== Number(this.inverted);
  }

  /** The colour that a person sees there, of 5, 6 and 5 bits. */
  colour(x, y) {
    return this.lit(x, y) ? 0xffff : 0;
  }
}
