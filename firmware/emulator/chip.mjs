// An RP2040 and what is wired to it.

import { ConsoleLogger, GPIOPinState, LogLevel, RP2040 } from 'rp2040js';

import { call, isBootable, ROM } from './boot.mjs';
import { Cache, MISS } from './cache.mjs';
import { Host } from './host.mjs';

export const FLASH = 0x10000000;
export const RAM = 0x20000000;

/** The bus of an OLED. */
const BUS = 0;
/** The bus of a larger display, its select, whether a byte is data, and its reset. */
const PICTURE_BUS = 0;
const [PICTURE_SELECT, DATA, RESET] = [17, 20, 21];
/** The bus of a touch panel, its select, and the pin that it pulls low while a finger is there. */
const TOUCH_BUS = 1;
const [TOUCH_SELECT, TOUCHED] = [13, 14];
/** Buttons: up, down, left, right, select. They pull their pins low. */
export const BUTTONS = [10, 11, 12, 13, 14];

/** As the boot ROM leaves it: boot2 pops "0" as the address to return to, and goes on. */
const STACK = 0x20041f00;

/** The package has no name for it: the bits of its address that it looks peripherals up by. */
const WATCHDOG = 0x40058;

/** The watchdog's reason for a reset: its time was up. */
const TIMER = 1;
/** The boot ROM clears this word of the watchdog's when it resets the chip. */
const CLEARED = 4;

/** The processor's register that resets the chip, from its peripherals' base, and its request. */
const RESET_REGISTER = 0xd0c;
const RESET_REQUEST = 4;

/** A board that can be reset: what has power keeps its contents. */
export class Board {
  /**
   * `display` is an Oled, where `address` is where it answers, an Ili9341 or null; `touch` is an Xpt2046
   * or null.
   */
  constructor(flash, { display, address, touch }) {
    this.display = display;
    this.address = address;
    this.touch = touch;
    /** Bytes that wait for the UART. */
    this.queue = [];
    this.pressed = new Set();
    this.received = () => {};
    /** Whether flash keeps the processor waiting, from the next start on. */
    this.waiting = false;
    /** Bytes of flash that are written before the power is cut. */
    this.power = Infinity;
    this.start({ flash, sram: new Uint8Array(0x42000), reason: 0, scratch: new Uint32Array(8) });
  }

  start({ flash, sram, reason, scratch }) {
    const chip = new RP2040();
    this.chip = chip;
    chip.logger = new ConsoleLogger(LogLevel.Error, true);
    chip.flash.set(flash);
    chip.sram.set(sram);
    const watchdog = chip.peripherals[WATCHDOG];
    watchdog.reason = reason;
    watchdog.scratchData.set(scratch);
    chip.bootrom.set(ROM);
    this.cache = this.waiting ? new Cache(chip, FLASH, FLASH + flash.length) : null;
    /** Whether the boot ROM waits for a file instead of running what is in flash. */
    this.waits = !isBootable(chip.flash);
    chip.core.SP = STACK;
    chip.core.LR = 0;
    chip.core.PC = FLASH;
    this.due = null;
    const reset = (reason) => {
      const { flash, sram } = chip;
      this.due = { flash, sram, reason, scratch: watchdog.scratchData };
    };
    watchdog.onWatchdogTrigger = () => reset(watchdog.reason);
    chip.onBreak = (number) => call(this, number, chip.core.registers);
    const write = chip.ppb.writeUint32.bind(chip.ppb);
    chip.ppb.writeUint32 = (offset, value) => {
      if (offset === RESET_REGISTER && value & RESET_REQUEST) reset(0);
      else write(offset, value);
    };
    this.wireOled(chip.i2c[BUS]);
    if (this.touch !== null) this.wireTouch(chip);
    else BUTTONS.forEach((pin, index) => chip.gpio[pin].setInputValue(!this.pressed.has(index)));
    this.host = new Host(chip.usbCtrl);
    this.host.onSerialData = (bytes) => this.received(bytes);
    chip.uart[0].onByte = (byte) => this.received([byte]);
  }

  /** Sends bytes to the firmware's line: to the UART, if it has switched that on, or over USB. */
  send(bytes) {
    if (this.chip.uart[0].enabled) this.queue.push(...bytes);
    else this.host.send(bytes);
  }

  /** A finger is at this column and row of the display, or, for null, nowhere. */
  put(finger) {
    this.touch.finger = finger;
    this.chip.gpio[TOUCHED].setInputValue(finger === null);
  }

  wireTouch(chip) {
    const { display, touch } = this;
    const [pictures, touches] = [chip.spi[PICTURE_BUS], chip.spi[TOUCH_BUS]];
    const isHigh = (pin) => chip.gpio[pin].outputValue;
    pictures.onTransmit = (byte) => {
      if (!isHigh(PICTURE_SELECT)) display?.write(byte, isHigh(DATA));
      pictures.completeTransmit(0);
    };
    chip.gpio[RESET].addListener((level) => {
      if (level === GPIOPinState.Low) display?.reset();
    });
    touches.onTransmit = (byte) => {
      touches.completeTransmit(isHigh(TOUCH_SELECT) ? 0 : touch.transfer(byte));
    };
    chip.gpio[TOUCH_SELECT].addListener((level) => {
      if (level === GPIOPinState.High) touch.deselect();
    });
    this.put(touch.finger);
  }

  wireOled(bus) {
    const { display, address } = this;
    bus.onStart = () => bus.completeStart();
    bus.onConnect = (asked) => {
      const answers = display !== null && asked === address;
      if (answers) display.start();
      bus.completeConnect(answers);
    };
    bus.onWriteByte = (byte) => {
      display.write(byte);
      bus.completeWrite(true);
    };
    bus.onReadByte = () => bus.completeRead(display.read());
    bus.onStop = () => bus.completeStop();
  }

  button(index, down) {
    if (down) this.pressed.add(index);
    else this.pressed.delete(index);
    this.chip.gpio[BUTTONS[index]].setInputValue(!down);
  }

  /** Resets the board, and counts the cycles of the first call of the function at an address. */
  measure(address) {
    const { flash, sram } = this.chip;
    this.start({ flash, sram, reason: 0, scratch: new Uint32Array(8) });
    const { core, clock, clkSys } = this.chip;
    let cycles = 0;
    let end = null;
    while (core.PC !== end) {
      if (end === null && core.PC === address) [cycles, end] = [0, core.LR & ~1];
      const step = core.waiting ? 1 : core.executeInstruction();
      clock.tick((step * 1e9) / clkSys);
      cycles += step;
    }
    return cycles;
  }

  /** The boot ROM's function that goes back to it. */
  leave() {
    this.waits = true;
  }

  /** The boot ROM's function that erases flash from an offset on. */
  erase(start, length) {
    this.write(start, new Uint8Array(length).fill(0xff), (_, byte) => byte);
  }

  /** The boot ROM's function that programs what lies at an address: a bit of flash can lose its 1. */
  program(start, from, length) {
    const bytes = Uint8Array.from({ length }, (_, index) => this.chip.readUint8(from + index));
    this.write(start, bytes, (old, byte) => old & byte);
  }

  write(start, bytes, change) {
    const { flash } = this.chip;
    for (const [index, byte] of bytes.entries()) {
      if (this.power === 0) return;
      flash[start + index] = change(flash[start + index], byte);
      this.power -= 1;
      if (this.power === 0) {
        // Whatever was to come here is neither what was nor what is to be.
        for (let at = index + 1; at < bytes.length; at++) flash[start + at] ^= 0x5a;
        this.cut();
      }
    }
  }

  /** Takes the power away and gives it back. */
  cut() {
    const { flash } = this.chip;
    this.due = { flash, sram: new Uint8Array(0x42000), reason: 0, scratch: new Uint32Array(8) };
  }

  /** Restarts with the button BOOTSEL held. */
  bootsel() {
    const { flash, sram } = this.chip;
    this.start({ flash, sram, reason: 0, scratch: new Uint32Array(8) });
    this.waits = true;
  }

  /** Restarts as the boot ROM does when it has flashed a file. */
  leaveBootRom() {
    const { flash, sram, peripherals } = this.chip;
    const scratch = peripherals[WATCHDOG].scratchData;
    scratch[CLEARED] = 0;
    this.start({ flash, sram, reason: TIMER, scratch });
  }

  /** Executes so many instructions; returns how many nanoseconds they take the chip. */
  run(instructions) {
    const { core, clock, clkSys, uart } = this.chip;
    const cycle = 1e9 / clkSys;
    let time = 0;
    while (this.queue.length > 0 && !uart[0].rxFIFO.full) uart[0].feedByte(this.queue.shift());
    for (let count = 0; count < instructions && this.due === null && !this.waits; count++) {
      let step = core.waiting ? clock.nanosToNextAlarm || 1000 : core.executeInstruction() * cycle;
      if (this.cache !== null) step += this.cache.take() * MISS * cycle;
      clock.tick(step);
      time += step;
    }
    if (this.due !== null) {
      this.power = Infinity;
      this.start(this.due);
    }
    return time;
  }
}
