// node pico.mjs SERIAL CONTROL WIRED FILE...
//
// A Raspberry Pi Pico with these files in its flash, and what is wired to it. A file is a UF2, or
// ADDRESS=FILE for bytes as they are. WIRED is ssd1306 or sh1106 with @ and its address, as in
// ssd1306@0x3c, or none, and five buttons with each; or ili9341+xpt2046, a touch display, or none+xpt2046,
// one of which the display is broken. SERIAL is the USB port's other end, or UART0's if that is on, CONTROL takes a command a line: each is
// the path of a Unix socket to listen on, or ADDRESS:PORT to connect to.
//
//   screen      answers with columns and rows of the display, and a line for each row: four digits of
//               base 16 a pixel, 5 bits of red, 6 of green, 5 of blue
//   bytes       answers with the number of bytes that have been on the display's bus
//   press N MS  presses button N, from 0 (up, down, left, right, select), for so many of the chip's
//               milliseconds, and waits as long again; then answers "ok". A third number is a button
//               that is held meanwhile
//   touch X Y MS  puts a finger there, in pixels of the display, and answers "ok" after so many of the
//               chip's milliseconds; lift MS takes it away
//   measure ADDRESS  resets the board; answers with the cycles of the first call of the function
//               there, at a processor's that never waits for its flash
//   page        shows the board in a browser; answers with the page's address
//   disk FOLDER  is the disk of the boot ROM from now on, while the chip is there: it has a file
//               INFO_UF2.TXT, and a UF2 file that comes there is flashed; answers "ok"
//   bootsel     restarts with the button BOOTSEL held; answers "ok"
//   cut N       cuts the power when the chip has written N more bytes of its flash, or now if N is 0;
//               answers "ok"
//   wait        lets flash keep the processor waiting, as a chip's does, and resets; answers "ok"
//   flip ADDRESS BIT  changes a bit of flash or RAM; answers "ok"

import { readFileSync } from 'node:fs';
import net from 'node:net';

import { Disk } from './boot.mjs';
import { Board, BUTTONS, FLASH, RAM } from './chip.mjs';
import { Ili9341 } from './ili9341.mjs';
import { Oled } from './oled.mjs';
import { serve } from './page.mjs';
import { flash } from './uf2.mjs';
import { Xpt2046 } from './xpt2046.mjs';

/** Instructions between looks at the sockets. */
const SLICE = 20000;
/** Milliseconds between looks at the disk. */
const LOOK = 10;

/** The most bytes that are kept for a host that has not come yet. */
const EARLY = 65536;

const [serialName, controlName, wired, ...files] = process.argv.slice(2);

const memory = new Uint8Array(16 << 20).fill(0xff);
for (const file of files) {
  const [address, path] = file.split(/=(.*)/s);
  if (path === undefined) flash(memory, FLASH, readFileSync(file));
  else memory.set(readFileSync(path), Number(address) - FLASH);
}
const [, controller, address, panel] = /^(\w+)(?:@(\w+)|\+(\w+))?$/.exec(wired);
const board = new Board(memory, {
  display: controller === 'none' ? null : controller === 'ili9341' ? new Ili9341() : new Oled(controller),
  address: Number(address),
  touch: panel === undefined ? null : new Xpt2046(),
});
const { display } = board;

let disk = null;
let client = null;
const early = [];
board.received = (bytes) => {
  if (client === null) early.push(...bytes.slice(0, EARLY - early.length));
  else client.write(Buffer.from(bytes));
};

function meet(name, connected, ready) {
  const [, address, port] = /^([\d.]+):(\d+)$/.exec(name) ?? [];
  if (port === undefined) return net.createServer(connected).listen(name, ready);
  const socket = net.connect(Number(port), address, () => {
    connected(socket);
    ready();
  });
  return socket;
}

function serial(socket) {
  client = socket;
  socket.setNoDelay(true);
  socket.write(Buffer.from(early.splice(0)));
  socket.on('data', (bytes) => {
    // The boot ROM has no serial port.
    if (!board.waits) board.send(bytes);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    client = null;
  });
}

/** What is to happen when the chip's time has come to it: [nanoseconds, action]. */
let plans = [];
let now = 0;

function after(milliseconds, action) {
  plans.push([now + milliseconds * 1e6, action]);
}

/** What a person sees. */
function text() {
  const { width, height } = display;
  let text = `${width} ${height}\n`;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) text += display.colour(x, y).toString(16).padStart(4, '0');
    text += '\n';
  }
  return text;
}

function answer(line, reply) {
  const [command, ...given] = line.trim().split(' ');
  const [first, second, third] = given.map(Number);
  if (command === 'screen') return reply(display === null ? '0 0\n' : text());
  if (command === 'bytes') return reply(`${display === null ? 0 : display.bytes}\n`);
  if (command === 'press') {
    if (BUTTONS[first] === undefined || !(second >= 0)) return reply('expected a button and a time\n');
    const press = () => {
      board.button(first, true);
      after(second, () => {
        board.button(first, false);
        if (isHeld) board.button(third, false);
        after(second, () => reply('ok\n'));
      });
    };
    const isHeld = BUTTONS[third] !== undefined;
    if (!isHeld) return press();
    board.button(third, true);
    return after(second, press);
  }
  if (command === 'cut') {
    if (first > 0) board.power = first;
    else board.cut();
    return reply('ok\n');
  }
  if (command === 'touch' || command === 'lift') {
    if (board.touch === null) return reply('no touch panel is wired\n');
    const finger = command === 'touch' ? [first, second] : null;
    const time = command === 'touch' ? third : first;
    if (![...(finger ?? []), time].every((number) => number >= 0)) return reply('expected a place and a time\n');
    board.put(finger);
    return after(time, () => reply('ok\n'));
  }
  if (command === 'wait') {
    board.waiting = true;
    board.cut();
    return reply('ok\n');
  }
  if (command === 'flip') {
    const { flash, sram } = board.chip;
    const [memory, place] = first < RAM ? [flash, first - FLASH] : [sram, first - RAM];
    if (memory[place] === undefined) return reply('expected an address in flash or RAM, and a bit\n');
    memory[place] ^= 1 << second;
    return reply('ok\n');
  }
  if (command === 'measure') return reply(`${board.measure(first)}\n`);
  if (command === 'disk') {
    disk = new Disk(given.join(' '));
    if (board.waits) disk.show();
    return reply('ok\n');
  }
  if (command === 'bootsel') {
    board.bootsel();
    disk?.show();
    return reply('ok\n');
  }
  if (command === 'page') return serve(board, (address) => reply(`${address}\n`));
  return reply(`no command is called '${command}'\n`);
}

function control(socket) {
  let rest = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    const lines = (rest + bytes).split('\n');
    rest = lines.pop();
    for (const line of lines) answer(line, (text) => socket.write(text));
  });
}

function run() {
  if (board.waits) {
    disk?.show();
    const file = disk?.take() ?? null;
    if (file === null) {
      setTimeout(run, LOOK);
      return;
    }
    flash(board.chip.flash, FLASH, file);
    board.leaveBootRom();
  }
  now += board.run(SLICE);
  const due = plans.filter(([time]) => time <= now);
  plans = plans.filter(([time]) => time > now);
  for (const [, action] of due) action();
  setImmediate(run);
}

meet(controlName, control, () => meet(serialName, serial, run));
