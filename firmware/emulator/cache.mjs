// The time that the RP2040 waits for its flash: a cache of 16 KiB, two ways, lines of 8 bytes (data
// sheet, 2.6.3).

const SETS = 1024;

/**
 * Cycles of a line that is not in the cache, as boot2 sets up a W25Q080: two cycles a clock of the
 * chip's; address and mode take 8 clocks, 4 are dummies, the line takes 16.
 */
export const MISS = 2 * (8 + 4 + 16);

/** Counts the misses of a chip's reads from flash. */
export class Cache {
  constructor(chip, start, end) {
    this.misses = 0;
    const tags = new Int32Array(2 * SETS).fill(-1);
    const look = (address) => {
      const line = (address - start) >>> 3;
      const set = 2 * (line % SETS);
      if (tags[set] === line) return;
      // The way that was used last is the first.
      if (tags[set + 1] !== line) this.misses += 1;
      tags[set + 1] = tags[set];
      tags[set] = line;
    };
    for (const name of ['readUint32', 'readUint16', 'readUint8']) {
      const read = chip[name].bind(chip);
      chip[name] = (address) => {
        if (address >= start && address < end) look(address);
        return read(address);
      };
    }
  }

  /** The misses since the last call. */
  take() {
    const { misses } = this;
    this.misses = 0;
    return misses;
  }
}
