// The RP2040's boot ROM as far as it is seen: it starts what is in flash, and it is a disk.

import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isWhole } from './uf2.mjs';

const INFO = 'INFO_UF2.TXT';
const TEXT = 'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n';

/** What the ROM's functions do, by their names in its table: see the RP2040's data sheet, 2.8.3. */
const FUNCTIONS = {
  UB: (board) => board.leave(),
  // Flash is memory here: it needs no commands to be read, and has no cache.
  IF: () => {},
  EX: () => {},
  FC: () => {},
  RE: (board, start, length) => board.erase(start, length),
  RP: (board, start, from, length) => board.program(start, from, length),
};

/** Addresses of the code that finds a function, of the table, and of the first function. */
const LOOKUP = 0x20;
const TABLE = 0x40;
const FIRST = 0x80;

/** The code that finds in the table at r0 the function with the name in r1. */
const FIND = [
  0x8802, // ldrh r2, [r0]
  0x2a00, // cmp r2, #0
  0xd005, // beq to the bkpt
  0x428a, // cmp r2, r1
  0xd001, // beq to the second ldrh
  0x3004, // adds r0, #4
  0xe7f8, // b to the first
  0x8840, // ldrh r0, [r0, #2]
  0x4770, // bx lr
  0xbeff, // bkpt: there is no such function here
];

/** The ROM's words: each function is a bkpt with its number, and bx lr. */
export const ROM = new Uint32Array(0x40);
const halves = new Uint16Array(ROM.buffer);
halves[0x14 >> 1] = TABLE;
// Bit 0 stands for Thumb code.
halves[0x18 >> 1] = LOOKUP | 1;
halves.set(FIND, LOOKUP >> 1);
Object.keys(FUNCTIONS).forEach((name, number) => {
  const code = name.charCodeAt(0) | (name.charCodeAt(1) << 8);
  const address = FIRST + 4 * number;
  halves.set([code, address | 1], (TABLE >> 1) + 2 * number);
  halves.set([0xbe00 | number, 0x4770], address >> 1);
});

/** Does what the function does whose bkpt has this number; its arguments are in registers. */
export function call(board, number, registers) {
  const found = Object.values(FUNCTIONS)[number];
  if (found === undefined) throw new Error('a function of the boot ROM that is not emulated');
  found(board, ...registers);
}

/** Whether the ROM starts what is in flash: its first 252 bytes have a CRC-32 behind them. */
export function isBootable(flash) {
  let crc = 0xffffffff;
  for (const byte of flash.subarray(0, 252)) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  }
  return new DataView(flash.buffer, flash.byteOffset).getInt32(252, true) === crc;
}

/** The disk, in a folder of this machine. */
export class Disk {
  constructor(folder) {
    this.folder = folder;
    this.shown = false;
  }

  /** Shows the disk if it is not shown yet. */
  show() {
    if (this.shown) return;
    // Whoever reads it reads the whole of it.
    const draft = join(this.folder, `.${INFO}`);
    writeFileSync(draft, TEXT);
    renameSync(draft, join(this.folder, INFO));
    this.shown = true;
  }

  /** Returns the first whole UF2 file in the disk, which is gone then, or null. */
  take() {
    for (const name of readdirSync(this.folder)) {
      if (!name.toLowerCase().endsWith('.uf2')) continue;
      const file = readFileSync(join(this.folder, name));
      if (!isWhole(file)) continue;
      for (const gone of [name, INFO]) rmSync(join(this.folder, gone));
      this.shown = false;
      return file;
    }
    return null;
  }
}
