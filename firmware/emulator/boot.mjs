// The RP2040's boot ROM as far as it is seen: it starts what is in flash, and it is a disk.

import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isWhole } from './uf2.mjs';

const INFO = 'INFO_UF2.TXT';
const TEXT = 'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n';

/** What the bkpt means that ends a function of the ROM. */
export const USB_BOOT = 0;

/** The name of a function in the ROM's table, and the code that finds it, at these addresses. */
const NAME = 'UB';
const LOOKUP = 0x20;
const FUNCTION = 0x30;

/** At 0x18 lies the address of the function that finds the others; bit 0 stands for Thumb code. */
const HALVES = new Map([
  [0x18, LOOKUP | 1],
  [LOOKUP, 0x4a02], // ldr r2, [pc, #8]: the name
  [LOOKUP + 2, 0x4291], // cmp r1, r2
  [LOOKUP + 4, 0xd101], // bne to the second bkpt
  [LOOKUP + 6, 0x2000 | FUNCTION | 1], // movs r0, #function
  [LOOKUP + 8, 0x4770], // bx lr
  [LOOKUP + 10, 0xbe01], // bkpt #1: there is no such function here
  [LOOKUP + 12, NAME.charCodeAt(0) | (NAME.charCodeAt(1) << 8)],
  [FUNCTION, 0xbe00 | USB_BOOT],
]);

/** The ROM's words. */
export const ROM = new Uint32Array(FUNCTION / 4 + 1);
for (const [at, half] of HALVES) ROM[at >> 2] |= half << (8 * (at & 2));

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
