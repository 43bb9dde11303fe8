// What the drawing costs on boards, by the formula of host/src/device/fit.rs.

function instructions({ blocks, instructions: cost }, { crop, pool, width, layers }) {
  const kind = pool > 1 ? `pixel_of_${pool * pool}` : crop > 0 ? 'cropped_pixel' : 'pixel';
  let sum = cost[kind] * (width * pool) ** 2;
  layers.forEach(({ active, bits, outputs }, place) => {
    const together = blocks[`bits_${bits}`];
    const groups = Math.ceil(outputs / ((bits === 2 ? 16 : 8) * together));
    sum += cost.layer + cost[`row_${bits}`] * active * groups * together;
    if (place + 1 < layers.length) sum += cost.activation * outputs;
  });
  return sum;
}

function reckon() {
  at('costs').replaceChildren(
    ...BOARDS.map(({ name, clock, fit }) => {
      const milliseconds = ((instructions(FITS[fit], network) / clock) * 1e3).toFixed(2);
      const error = (100 * FITS[fit].error).toFixed(1);
      const words = [name, `${clock / 1e6} MHz`, `${milliseconds} ms ± ${error} %`];
      return make('tr', ...words.map((word) => make('td', word)));
    }),
  );
}
