// The start, which the tests await.

async function start() {
  if (location.hash.startsWith('#d=')) {
    try {
      strokes = drawing(location.hash);
    } catch {
      tell('The link has no drawing in it.');
    }
  }
  // A browser compiles what is as large as this only by itself, and not while the page waits.
  module = await WebAssembly.compile(await inflated(MODULE));
  for (const { name, blob, nanoseconds } of MODELS) add(name, await inflated(blob), nanoseconds);
  // Samples that the device shows go on by themselves.
  setInterval(draw, 100);
}

const started = start();
