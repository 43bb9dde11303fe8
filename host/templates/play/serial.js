// A board on a serial port: it reads each drawing too, and its logits are compared with the page's.

// Milliseconds for an answer, for one while flash is written, and for a start; between looks at the drawing.
const [ANSWER, STORED, START, LOOK] = [2000, 8000, 20000, 100];
// The most messages that wait to be read, which they are every few milliseconds.
const KEPT = 16;
// Numbers of `core/src/link`: the protocol, kinds of answers, and why a board refuses. The first two are damage.
const [PROTOCOL, HELLO, LOGITS, DONE, REFUSED, PANICKED] = [4, 0, 1, 3, 4, 5];
const REASONS = ['', '', 'its firmware has another version', 'it has no model', 'its model takes another size of images',
  'its model has changed in memory, reset it', '', 'its firmware cannot write its flash', 'pieces came out of order',
  'its flash does not keep what is written', 'the model does not fit'];

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const copy = (device, address, length) => new Uint8Array(device.memory.buffer, address, length).slice();

function request(device, name, number) {
  const length = device[name](number);
  return copy(device, device.asked(), length);
}

// The messages that an instance hears in some bytes.
function hear(device, part) {
  const heard = [];
  for (const byte of part) {
    const length = device.hear(byte);
    if (length > 0) heard.push(read(copy(device, device.heard(), length)));
  }
  return heard;
}

// The fields of a message, one after another; a number has seven bits a byte.
function read(message) {
  let at = 0;
  const number = () => {
    for (let value = 0, place = 1; ; place *= 128) {
      const byte = message[at++];
      value += (byte & 127) * place;
      if (!(byte & 128)) return value;
    }
  };
  const words = () => {
    const end = number() + at;
    return plain(text.decode(message.slice(at, (at = end))));
  };
  const kind = number();
  if (kind === HELLO) {
    if (number() !== PROTOCOL) return { why: REASONS[2] };
    const [firmware, name] = [words(), words()];
    for (let limit = 0; limit < 5; limit++) number();
    const fails = number();
    const said = `${name}, firmware ${firmware}, ${fails ? 'no model: ' : 'model '}${words()}`;
    return { kind, name, said, crc: fails ? -1 : number() };
  }
  if (kind === LOGITS) {
    const [id, , count] = [number(), number(), number()];
    const logits = Array.from({ length: Math.min(count, message.length) }, number);
    return { kind, id, logits: logits.map((logit) => (logit >>> 1) ^ -(logit & 1)) };
  }
  if (kind === REFUSED) return { why: REASONS[number()] };
  return kind === PANICKED ? { why: `its firmware has panicked: ${words()}` } : { kind };
}

// The page's own answer, by an instance besides the one that is drawn on, which would show what it is asked.
function pageAnswer(model, frame) {
  model.twin ??= new Device('', model.blob, 0).device;
  for (const byte of frame) {
    const length = model.twin.take(byte);
    if (length > 0) return hear(model.twin, copy(model.twin, model.twin.reply(), length))[0];
  }
}

class Board {
  async open(port) {
    await port.open({ baudRate: 115200 }).catch(() => {
      throw new Error('The port cannot be opened. Is it in use elsewhere?');
    });
    this.port = port;
    this.writer = port.writable.getWriter();
    this.heard = null;
    this.ear = new WebAssembly.Instance(module, {}).exports;
    this.ended = this.listen();
    try {
      this.hello = await this.ask(request(this.ear, 'ask_hello'), HELLO, ANSWER);
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async listen() {
    // A byte without its stop bit ends a stream, and there is another one, but not when the port has gone.
    for (let last; !this.gone && this.port.readable && this.port.readable !== last; this.reader.releaseLock()) {
      last = this.port.readable;
      this.reader = last.getReader();
      try {
        for (let part; !(part = await this.reader.read()).done; ) {
          const heard = hear(this.ear, part.value);
          // What answers nothing is dropped: a board may say anything for as long as the page is open.
          if (this.heard !== null) this.heard = [...this.heard, ...heard].slice(-KEPT);
        }
      } catch {}
    }
    this.gone = true;
    await this.writer.abort().catch(() => 0);
    this.writer.releaseLock();
    await this.port.close().catch(() => 0);
    if (board === this) complain(new Error('The board has gone.'));
  }

  async close() {
    this.left = this.gone = true;
    await this.reader.cancel().catch(() => 0);
    await this.ended;
  }

  async ask(frame, kind, milliseconds, id) {
    try {
      for (let tries = 0; tries < 3; tries++) {
        this.heard = [];
        // Zero ends what the board may take for a frame. What is not sent is not answered.
        this.writer.write(Uint8Array.of(0, ...frame)).catch(() => 0);
        for (const end = performance.now() + milliseconds; performance.now() < end; ) {
          if (this.gone) throw new Error(this.left ? '' : 'The board has gone.');
          const answer = this.heard.shift();
          if (answer?.kind === kind && answer.id === id) return answer;
          if (answer?.why) throw new Error(`The board refuses: ${answer.why}.`);
          if (answer === undefined) await sleep(5);
        }
      }
    } finally {
      this.heard = null;
    }
    await this.close();
    throw new Error('The board does not answer. Is this its port, and does its firmware run?');
  }
}

let board = null;
let compared = '';
// An answer to an earlier page that is still on its way is not taken for one of this page.
let asked = crypto.getRandomValues(new Uint32Array(1))[0] & 0x7fff0000;
// One thing at a time is asked.
let turn = Promise.resolve();
const inTurn = (action) => (turn = turn.then(action).catch(complain));

function complain(error) {
  // Else nobody has chosen a port.
  if (error.name !== 'NotFoundError') say(error.message, 'differs');
  if (board === null || board.gone) connected(null);
}

function connected(next) {
  board?.close();
  board = next;
  compared = '';
  at('connect').textContent = next === null ? 'Connect a board…' : 'Disconnect';
  at('give').hidden = next === null;
  greet();
}

const greet = () => say(board === null ? '' : `Connected: ${board.hello.said}`, 'wired');

async function follow(found) {
  for (connected(found); !found.gone; await sleep(LOOK)) await inTurn(compare);
}

const crc = (model) => pageAnswer(model, request(model.device, 'ask_hello')).crc;

async function compare() {
  const model = shown;
  const drawn = devices.indexOf(model) + String(request(model.device, 'ask_classify', 0));
  if (board === null || drawn === compared) return;
  compared = drawn;
  const frame = request(model.device, 'ask_classify', ++asked);
  if (frame.length === 0) return greet();
  const { hello } = board;
  const { logits } = await board.ask(frame, LOGITS, ANSWER, asked);
  const ours = pageAnswer(model, frame).logits;
  const equal = String(logits) === String(ours);
  const digit = model.text(1 + logits.indexOf(Math.max(...logits)));
  const other = crc(model) === hello.crc ? '' : ' They run different models.';
  say(equal ? `${hello.name} reads ${digit}, and its ${logits.length} logits are equal to the page's.` : '', 'wired');
  say(equal ? '' : `The logits differ.${other}\n${hello.said}: ${logits.join(', ')}\nThis page, ${model.name}: ${ours.join(', ')}`, 'differs');
}

// The board keeps the model, and starts anew with it: a port on USB is gone meanwhile.
async function give() {
  const [last, model] = [board, shown];
  const frames = [];
  for (let frame; (frame = request(model.device, 'ask_store', frames.length)).length > 0; ) frames.push(frame);
  say('', 'differs');
  say(`Sending ${model.name}…`, 'wired');
  at('given').max = frames.length;
  at('given').hidden = false;
  board = null;
  try {
    for (const [done, frame] of frames.entries()) {
      at('given').value = done;
      await last.ask(frame, DONE, STORED).catch((error) => {
        // It may have started before its last answer is on the line.
        const starts = last.gone || error.message.includes(REASONS[8]);
        if (!starts || done + 1 < frames.length) throw error;
      });
    }
    await last.close();
    follow(await again(last.hello.name));
  } catch (error) {
    if (!last.gone) board = last;
    greet();
    throw error;
  } finally {
    at('given').hidden = true;
  }
  if (board.hello.crc !== crc(model)) throw new Error(`The board keeps its model: it cannot run ${model.name}.`);
}

async function again(name) {
  for (const end = performance.now() + START; performance.now() < end; await sleep(LOOK)) {
    for (const port of await navigator.serial.getPorts()) {
      const found = await new Board().open(port).catch(() => null);
      if (found?.hello.name === name) return found;
      await found?.close();
    }
  }
  throw new Error('The board has not come back. Connect it again.');
}

async function connect() {
  const port = await navigator.serial.requestPort();
  say('Asking the board…', 'wired');
  follow(await new Board().open(port));
}

async function act(action) {
  const buttons = [at('connect'), at('give')];
  for (const button of buttons) button.disabled = true;
  await inTurn(action);
  for (const button of buttons) button.disabled = false;
}

at('connect').onclick = () => {
  say('', 'differs');
  if (board !== null) connected(null);
  else if (navigator.serial) act(connect);
  else say('This browser cannot. Chrome, Edge and Opera on computers can.', 'differs');
};
at('give').onclick = () => act(give);
