// Images a second in a browser, on one thread, in turns: inkbit's kernels for WebAssembly, and ONNX Runtime
// with the same int8 net.
//
//     npm ci
//     node bench.mjs T10K-IMAGES-IDX3-UBYTE [ROUNDS]
//
// CHROMIUM names the browser; the file may be gzipped.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { ask, here, median } from './browser.mjs';
import { onnx } from './onnx.mjs';

const [images, rounds = '15'] = process.argv.slice(2);
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

const said = await ask(contents, `/page.html#${rounds}`);
if (said.error) {
  console.error(said.error);
  process.exit(1);
}

const grouped = (number) => Math.round(number).toLocaleString('en').padStart(10);
console.log(`${said.browser.match(/Chrome\/\d+/)}, ONNX Runtime ${said.runtime}, 784-256-128-10, ${said.count} images`);
console.log(`${'images/s, one thread'.padEnd(28)}${['median', 'least', 'most'].map((name) => name.padStart(10)).join('')}  simd128 is`);
said.names.forEach((name, at) => {
  const speeds = said.rounds.map((round) => round[at]);
  const ratio = median(said.rounds.map((round) => round[0] / round[at])).toFixed(2);
  const differ = said.differ[at] > 0 ? `; ${said.differ[at]} classes differ` : '';
  console.log(`${name.padEnd(28)}${[median(speeds), Math.min(...speeds), Math.max(...speeds)].map(grouped).join('')}  ${ratio} times as fast${differ}`);
});
