// Images a second in a browser, on one thread, in turns: inkbit's kernels for WebAssembly, and ONNX Runtime
// with the same int8 net.
//
//     npm ci
//     node bench.mjs T10K-IMAGES-IDX3-UBYTE [ROUNDS]
//
// CHROMIUM names the browser; the file may be gzipped.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { onnx } from './onnx.mjs';

const [images, rounds = '15'] = process.argv.slice(2);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const root = (name) => here(`../../../${name}`);

// As host/web/batch.wasm is made, with the portable kernel, at the level of the other's.
const target = root('target/web-bench');
const build = spawnSync('cargo', [
  'build', '--locked', '--profile', 'batch', '--target', 'wasm32-unknown-unknown', '--package', 'inkbit-batch',
  '--manifest-path', root('firmware/Cargo.toml'), '--target-dir', target,
  '--config', 'profile.batch.package.inkbit-core.opt-level=3',
  '--config', 'profile.batch.package.inkbit-batch.opt-level=3',
], { stdio: 'inherit' });
if (build.status !== 0) process.exit(1);

const model = readFileSync(root('host/models/classic.inkbit'));
const unpacked = (file) => (file[0] === 0x1f ? gunzipSync(file) : file);
const contents = {
  '/page.html': readFileSync(here('page.html')),
  '/model.inkbit': model,
  '/model.onnx': onnx(model),
  '/images': unpacked(readFileSync(images)).subarray(16),
  '/batch.wasm': readFileSync(root('host/web/batch.wasm')),
  '/portable.wasm': readFileSync(join(target, 'wasm32-unknown-unknown/batch/inkbit_batch.wasm')),
};
const types = { html: 'text/html', mjs: 'text/javascript', wasm: 'application/wasm' };

const said = await new Promise((tell, fail) => {
  const folder = mkdtempSync(join(tmpdir(), 'inkbit-web-bench-'));
  let browser = null;
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => {
        response.end();
        browser.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
        browser.kill();
        server.close();
        server.closeAllConnections();
        tell(JSON.parse(body));
      });
      return;
    }
    try {
      // Beside what is above, only what is in this folder's packages.
      const path = new URL(request.url, 'http://localhost').pathname;
      const content = contents[path] ?? (path.startsWith('/node_modules/') ? readFileSync(here(`.${path}`)) : null);
      response.writeHead(content === null ? 404 : 200, { 'Content-Type': types[path.split('.').at(-1)] ?? 'application/octet-stream' });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1', () => {
    browser = spawn(process.env.CHROMIUM ?? 'chromium', [
      '--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}`,
      `http://127.0.0.1:${server.address().port}/page.html#${rounds}`,
    ], { stdio: 'ignore' });
    browser.on('error', fail);
  });
});
if (said.error) {
  console.error(said.error);
  process.exit(1);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const grouped = (number) => Math.round(number).toLocaleString('en').padStart(10);
console.log(`${said.browser.match(/Chrome\/\d+/)}, ONNX Runtime ${said.runtime}, 784-256-128-10, ${said.count} images`);
console.log(`${'images/s, one thread'.padEnd(28)}${['median', 'least', 'most'].map((name) => name.padStart(10)).join('')}  simd128 is`);
said.names.forEach((name, at) => {
  const speeds = said.rounds.map((round) => round[at]);
  const ratio = median(said.rounds.map((round) => round[0] / round[at])).toFixed(2);
  const differ = said.differ[at] > 0 ? `; ${said.differ[at]} classes differ` : '';
  console.log(`${name.padEnd(28)}${[median(speeds), Math.min(...speeds), Math.max(...speeds)].map(grouped).join('')}  ${ratio} times as fast${differ}`);
});
