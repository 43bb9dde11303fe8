// How long the page of `inkbit play` takes until it is ready, and until a stroke's answer is on the display.
//
//     node ready.mjs [PAGE] [ROUNDS]
//
// PAGE is a file of `inkbit play -o`, without it the book's, with `tiny`. Ready is counted from navigation, and
// the display is painted. A stroke is a pointer's move with a mouse down: until the page has painted, and until the
// frame in which that is shown. CHROMIUM names the browser.
import { readFileSync } from 'node:fs';

import { ask, here, median } from './browser.mjs';

const [file = here('../../../docs/src/play.html'), rounds = '15'] = process.argv.slice(2);

// In the page, after each navigation; what is measured stays in the window's name.
const probe = `
started.then(async () => {
  paint();
  const ready = performance.now();
  const { left, top, width, height } = at('glass').getBoundingClientRect();
  const mouse = (type, x, y) => at('glass').dispatchEvent(new PointerEvent(type, { pointerId: 1, button: 0, bubbles: true,
    clientX: left + (x * width) / 320, clientY: top + (y * height) / 240 }));
  const frame = () => new Promise(requestAnimationFrame);
  const [painted, shownAfter] = [[], []];
  mouse('pointerdown', 50, 50);
  for (let step = 0; step < 40; step++) {
    await frame();
    const start = performance.now();
    mouse('pointermove', 50 + 3 * step, 50 + step);
    const own = performance.now();
    paint();
    painted.push(performance.now() - own + (own - start));
    await frame();
    shownAfter.push(performance.now() - start);
  }
  mouse('pointerup', 170, 90);
  const all = JSON.parse(window.name || '[]');
  all.push({ ready, painted, shownAfter, answer: shown.answer });
  window.name = JSON.stringify(all);
  if (all.length < ${Number(rounds)}) return location.reload();
  await fetch('/', { method: 'POST', body: JSON.stringify({ browser: navigator.userAgent, all }) });
});`;
const page = readFileSync(file, 'utf8').replace("default-src 'none';", "default-src 'none'; connect-src 'self';");
const { browser, all } = await ask({ '/page.html': `${page}<script>${probe}</script>` }, '/page.html');
const row = (name, numbers) => console.log(`${name.padEnd(44)}${[median(numbers), Math.min(...numbers), Math.max(...numbers)].map((number) => number.toFixed(1).padStart(9)).join('')}`);
console.log(`${browser.match(/Chrome\/\d+/)}, ${all.length} navigations`);
console.log(`${'milliseconds'.padEnd(44)}${['median', 'least', 'most'].map((name) => name.padStart(9)).join('')}`);
row('ready after navigation', all.map(({ ready }) => ready));
row("a stroke's answer painted", all.flatMap(({ painted }) => painted));
row("a stroke's answer in the next frame", all.flatMap(({ shownAfter }) => shownAfter));
