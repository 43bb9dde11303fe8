// UF2 files, as the RP2040's boot ROM takes them.

const BLOCK = 512;
const PAYLOAD = 256;
const SECTOR = 4096;
const FAMILY = 0xe48bff56;

/** Whether all blocks of a file are there: the boot ROM starts it when it has got so many. */
export function isWhole(file) {
  if (file.length < BLOCK) return false;
  return file.length >= BLOCK * file.readUInt32LE(4 * 6);
}

/**
 * Flashes a file. As in the boot ROM, a sector is erased when the block comes whose number is a
 * multiple of a sector's blocks, and what is not erased keeps its zeros.
 */
export function flash(memory, start, file) {
  const blocks = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + BLOCK <= file.length; at += BLOCK) {
    const word = (index) => blocks.getUint32(at + 4 * index, true);
    const magic = [word(0), word(1), blocks.getUint32(at + BLOCK - 4, true)];
    const whole = magic.join() === [0x0a324655, 0x9e5d5157, 0x0ab16f30].join();
    if (!whole || word(7) !== FAMILY || word(4) !== PAYLOAD) continue;
    const to = word(3) - start;
    if (word(5) % (SECTOR / PAYLOAD) === 0) {
      memory.fill(0xff, to - (to % SECTOR), to - (to % SECTOR) + SECTOR);
    }
    for (let byte = 0; byte < PAYLOAD; byte++) memory[to + byte] &= file[at + 32 + byte];
  }
}
