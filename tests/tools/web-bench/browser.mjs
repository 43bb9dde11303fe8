// A page in a browser without a window: what it sends back, once.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = { html: 'text/html', mjs: 'text/javascript', wasm: 'application/wasm' };

export const here = (name) => fileURLToPath(new URL(name, import.meta.url));
export const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

// Serves `contents`, by their paths, and this folder's packages; opens `page`, and gives what it posts. CHROMIUM
// names the browser.
export function ask(contents, page) {
  return new Promise((tell, fail) => {
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
        const path = new URL(request.url, 'http://localhost').pathname;
        const content = contents[path] ?? (path.startsWith('/node_modules/') ? readFileSync(here(`.${path}`)) : null);
        response.writeHead(content === null ? 404 : 200, { 'Content-Type': TYPES[path.split('.').at(-1)] ?? 'application/octet-stream' });
        response.end(content);
      } catch {
        response.writeHead(404).end();
      }
    });
    server.listen(0, '127.0.0.1', () => {
      browser = spawn(process.env.CHROMIUM ?? 'chromium', [
        '--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}`,
        `http://127.0.0.1:${server.address().port}${page}`,
      ], { stdio: 'ignore' });
      browser.on('error', fail);
    });
  });
}
