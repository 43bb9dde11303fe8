// The emulated board in a browser: its display, and its buttons under the keys, or a finger.

import { readFileSync } from 'node:fs';
import http from 'node:http';

import { BUTTONS } from './chip.mjs';

/** Milliseconds between looks at the display. */
const LOOK = 40;

const PAGE = new URL('page.html', import.meta.url);

/** Nothing from elsewhere, no network but this page's own, and no page of others around it. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the page on this machine alone; `listening` is called with its address. */
export function serve(board, listening) {
  const server = http.createServer((request, response) => {
    const here = `127.0.0.1:${server.address().port}`;
    const { host, origin = `http://${here}`, 'sec-fetch-site': site = 'none' } = request.headers;
    const isOwn = ['none', 'same-origin'].includes(site) || request.headers['sec-fetch-mode'] === 'navigate';
    // Another page in the same browser must neither press buttons here nor look.
    if (host !== here || origin !== `http://${here}` || !isOwn) {
      response.writeHead(403).end();
      return;
    }
    if (!URL.canParse(request.url, `http://${here}`)) {
      response.writeHead(400).end();
      return;
    }
    const url = new URL(request.url, `http://${here}`);
    if (request.method === 'GET' && url.pathname === '/') {
      response.writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': POLICY,
        'X-Content-Type-Options': 'nosniff',
      });
      const page = readFileSync(PAGE, 'utf8');
      response.end(board.touch === null ? page : page.replace('<html', '<html class="touch"'));
    } else if (request.method === 'GET' && url.pathname === '/screen') {
      follow(board, request, response);
    } else if (request.method === 'POST' && url.pathname === '/button') {
      const index = Number(url.searchParams.get('index'));
      if (BUTTONS[index] !== undefined) board.button(index, url.searchParams.get('down') === '1');
      response.writeHead(204).end();
    } else if (request.method === 'POST' && url.pathname === '/finger') {
      const [x, y] = ['x', 'y'].map((name) => Number(url.searchParams.get(name) ?? NaN));
      if (board.touch !== null) board.put(x >= 0 && y >= 0 ? [x, y] : null);
      response.writeHead(204).end();
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1', () => listening(`http://127.0.0.1:${server.address().port}/`));
}

/** Sends the display whenever it has changed. */
function follow(board, request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let last = '';
  const look = setInterval(() => {
    const now = board.display === null ? '' : packed(board.display);
    if (now !== last) response.write(`data: ${now}\n\n`);
    last = now;
  }, LOOK);
  request.on('close', () => clearInterval(look));
}

/** Columns, rows, the colour of light, and a digit of base 16 for each pixel's brightness. */
function packed(display) {
  const { width, height, light } = display;
  let text = `${width} ${height} ${light} `;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) text += (display.colour(x, y) >> 12).toString(16);
  }
  return text;
}
