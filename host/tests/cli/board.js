// A serial port for the page, with a board at its other end: the server of the test, or an instance of the
// page's own module. The test's script follows.

const line = { opens: true, port: null, gone: 0, damage: () => {}, sent: 0, after: () => {} };

class Port {
  // `device`: what `Board::instance` gives, or null for the server's board.
  constructor(device) {
    Object.assign(this, { device, waiting: [], isOpen: false, lost: null });
    line.port = this;
  }

  getInfo() {
    return {};
  }

  async open() {
    if (!line.opens || this.isOpen || this.lost === true) throw new DOMException('Failed to open serial port.', 'NetworkError');
    this.isOpen = true;
    const port = this;
    this.readable = new ReadableStream({
      async pull(controller) {
        while (port.isOpen && port.lost === null) {
          const part = port.device === null
            ? new Uint8Array(await (await parent.fetch('/line')).arrayBuffer())
            : Uint8Array.from(port.waiting.splice(0));
          if (part.length > 0) return controller.enqueue(line.damage(part) ?? part);
          await sleep(5);
        }
        if (port.lost === null) return;
        // What a real port does: a fault of the line gives another stream, the cable's end none.
        [port.readable, port.lost] = port.lost === 'fault' ? [port.readable, null] : [null, true];
        controller.error(new DOMException('The device has been lost.', 'NetworkError'));
      },
    }, { highWaterMark: 0 });
    this.writable = new WritableStream({
      async write(part) {
        line.sent += 1;
        if (port.device === null) {
          await parent.fetch('/line', { method: 'POST', body: part });
          return line.after(line.sent);
        }
        for (const byte of part) {
          const length = port.device.take(byte);
          if (length > 0) port.waiting.push(...copy(port.device, port.device.reply(), length));
        }
      },
    });
  }

  async close() {
    if (this.readable?.locked || this.writable?.locked) throw new TypeError('a stream is locked');
    this.isOpen = false;
  }

  unplug() {
    this.lost = true;
    line.port = null;
  }
}

Object.defineProperty(navigator, 'serial', { value: undefined, configurable: true });
const plugIn = () => Object.defineProperty(navigator, 'serial', {
  value: {
    requestPort: async () => {
      if (line.port === null) throw new DOMException('No port selected by the user.', 'NotFoundError');
      return line.port;
    },
    getPorts: async () => [line.port].filter((port) => port !== null),
  },
});

const SEVEN = [[[50, 50], [100, 48], [150, 52], [130, 110], [110, 150], [100, 190]]];
const ONE = [[[100, 40], [100, 110], [100, 190]]];
const FOUR = [[[70, 50], [60, 120], [150, 120]], [[130, 60], [130, 190]]];
const said = () => [at('wired').textContent, at('differs').textContent];
// A browser without a window has hardly any frames, at which the page paints by itself.
setInterval(paint, 20);

async function until(what, condition) {
  const end = performance.now() + 60000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: ${said().join(' / ')}`);
    await sleep(20);
  }
  return said();
}

// Draws, and waits until that was compared.
async function compares(drawing) {
  const before = asked;
  strokes = drawing;
  redraw();
  await until('a drawing is compared', () => asked > before);
  await sleep(100);
  await turn;
  return said();
}

async function clicks(button, condition) {
  at(button).click();
  return until(button, condition);
}

const isConnected = () => at('connect').textContent === 'Disconnect';
